"""The architecture page names files and folders that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text()
CHANGES = re.findall(r"^\| (?!change|---)([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
TOP = ("docs/site/", "service/", "model/", "docker", "tests/", "benchmarks/", ".env")


def paths(text: str) -> list[str]:
    return [name for name in re.findall(r"`([^`\s]+)`", text) if name.startswith(TOP)]


@pytest.mark.parametrize("path", sorted(set(paths(PAGE))))
def test_named_files_exist(path):
    assert (ROOT / path).exists(), f"docs/architecture.md names {path}"


def test_at_least_twenty_changes_name_their_files():
    assert len(CHANGES) >= 20
    for change, files in CHANGES:
        assert paths(files), f"{change!r} names no file"


def test_every_package_is_named():
    packages = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("service/*/__init__.py")}
    packages |= {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("model/*/__init__.py")}
    assert not {package for package in packages if package not in PAGE}
