"""The clients in the repository are equal to newly generated ones, byte for byte."""

import filecmp
import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from world import CLIENTS, without_node

from clients import generate

NEEDS_NODE = pytest.mark.skipif(bool(without_node()), reason=without_node())
REMEDY = "out of date; run `make clients`"


@pytest.fixture(scope="module")
def npm():
    try:
        generate.install_typescript_tools()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm could not install the packages of package-lock.json: {error}")


def differences(generated: Path, committed: Path) -> list[str]:
    """Return the files that differ between two folders."""
    names = {
        str(path.relative_to(folder))
        for folder in (generated, committed)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        name
        for name in names
        if not (
            (generated / name).is_file()
            and (committed / name).is_file()
            and filecmp.cmp(generated / name, committed / name, shallow=False)
        )
    )


def test_openapi_json_equals_the_served_document(tmp_path):
    generate.write_document(tmp_path)
    assert (tmp_path / "openapi.json").read_text() == (CLIENTS / "openapi.json").read_text(), REMEDY


def test_python_client_is_up_to_date(tmp_path):
    shutil.copy(CLIENTS / "openapi.json", tmp_path)
    stale = tmp_path / "python/iiae_client/models/no_longer_served.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    generate.generate_python(tmp_path)
    assert (tmp_path / "python/iiae_client/client.py").stat().st_size > 1000
    assert differences(tmp_path / "python/iiae_client", CLIENTS / "python/iiae_client") == [], REMEDY


@NEEDS_NODE
@pytest.mark.usefixtures("npm")
def test_typescript_client_is_up_to_date(tmp_path):
    shutil.copy(CLIENTS / "openapi.json", tmp_path)
    generate.generate_typescript(tmp_path)
    assert (tmp_path / "typescript/src/generated/sdk.gen.ts").stat().st_size > 10_000
    assert differences(tmp_path / "typescript/src/generated", CLIENTS / "typescript/src/generated") == [], (
        REMEDY
    )


@NEEDS_NODE
@pytest.mark.usefixtures("npm")
def test_openapi_json_passes_the_linter():
    linted = subprocess.run(
        ["npm", "run", "--silent", "lint"], cwd=CLIENTS / "typescript", capture_output=True, text=True
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_clients_have_the_version_of_the_service():
    version = json.loads((CLIENTS / "openapi.json").read_text())["info"]["version"]
    project = tomllib.loads((CLIENTS.parent / "pyproject.toml").read_text())["project"]["version"]
    package = json.loads((CLIENTS / "typescript/package.json").read_text())["version"]
    assert f'__version__ = "{version}"' in (CLIENTS / "python/iiae_client/__init__.py").read_text()
    assert version == project == package
