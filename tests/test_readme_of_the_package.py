"""The readme in the built wheel has no link that a package index cannot follow."""

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ["pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "service/demo/things/LICENSES.md"]
FILES += ["model/__init__.py", "service/__init__.py"]
TARGET = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def build(folder: Path, project: str = "") -> subprocess.CompletedProcess[str]:
    """Build a wheel of the project's metadata, with two modules only, into `folder/dist`."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=folder,
        env=os.environ | {"IIAE_PROJECT_URL": project, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )


def metadata(folder: Path) -> email.message.Message:
    [wheel] = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def links(text: str) -> list[tuple[str, str, str]]:
    return TARGET.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_with_an_address_all_links_and_pictures_are_absolute(tmp_path):
    project = "https://git.example/owner/iiae"
    done = build(tmp_path, f"{project}/")
    assert done.returncode == 0, done.stderr
    found = metadata(tmp_path)
    text = found.get_payload(decode=True).decode()
    assert found["Description-Content-Type"] == "text/markdown"
    assert f"Repository, {project}" in found.get_all("Project-URL")
    files = [target for _, _, target in links((ROOT / "README.md").read_text()) if "://" not in target]
    assert len(files) > 5
    for is_picture, _, target in links(text):
        assert target.startswith("https://") or target.startswith("http://"), target
        if target.startswith(project):
            kind, path = ("raw" if is_picture else "blob"), target.removeprefix(project)
            assert path.startswith(f"/{kind}/HEAD/")
            assert (ROOT / path.removeprefix(f"/{kind}/HEAD/").partition("#")[0]).exists()
    assert sum(target.startswith(project) for _, _, target in links(text)) == len(files)


def test_without_an_address_no_link_is_broken_and_no_word_is_lost(tmp_path):
    done = build(tmp_path)
    assert done.returncode == 0, done.stderr
    found = metadata(tmp_path)
    text = found.get_payload(decode=True).decode()
    assert all("://" in target for _, _, target in links(text))
    assert [each for each in found.get_all("Project-URL") if not each.startswith("Paper, ")] == []
    readme = (ROOT / "README.md").read_text()
    for is_picture, words, target in links(readme):
        if "://" not in target:
            assert (words in text) == (not is_picture)
    assert re.findall(r"```.*?```", text, re.DOTALL) == re.findall(r"```.*?```", readme, re.DOTALL)


@pytest.mark.parametrize("project", ["git.example/owner/iiae", "owner/iiae"])
def test_half_an_address_is_refused(tmp_path, project):
    done = build(tmp_path, project)
    assert done.returncode != 0 and "give a whole address" in done.stderr
