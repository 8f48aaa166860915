"""The documentation site: its generated pages are complete, and need no other server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service import errors
from service.cli.commands import COMMANDS, MODEL_COMMANDS
from service.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def headings(page: Path) -> set[str]:
    found = re.findall(r"<h\d[^>]*>(.*?)</h\d>", page.read_text(), re.DOTALL)
    return {re.sub(r"<[^>]+>|&para;|¶", "", each).strip() for each in found}


def test_the_command_line_has_every_command(site):
    assert {f"iiae {name}" for name in COMMANDS | MODEL_COMMANDS} <= headings(site / "cli.html")
    assert str(Path.home()) not in (site / "cli.html").read_text()


def test_the_settings_are_all_there(site):
    text = (site / "settings.html").read_text()
    assert all(f"IIAE_{name.upper()}" in text for name in Settings.model_fields)
    assert str(Path.home()) not in text


def test_the_api_has_every_call(site):
    document = json.loads((ROOT / "clients" / "openapi.json").read_text())
    page, reference = (site / "api.html").read_text(), (site / "redoc.html").read_text()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in page
        assert json.dumps(path) in reference
    assert (site / "redoc.standalone.js").stat().st_size > 100_000


def test_error_codes_of_the_troubleshooting_exist():

    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    named = set(re.findall(r"^\| \d{3} `(\w+)`(?: or \d{3} `(\w+)`)?", text, re.MULTILINE))
    codes = {getattr(each, "code", None) for each in vars(errors).values()}
    assert named
    assert {code for pair in named for code in pair if code} <= codes
