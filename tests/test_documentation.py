"""The documentation is true as far as a machine can check: its commands, links and files exist."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.commands import app
from service.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TRAINER = re.compile(r"docker compose run --rm (?:-T )?trainer(?:-gpu)?")
COMPLETE = re.compile(r"--(data|like|model|gallery) ")
"""Inline code with one of these options is a whole command; `iiae train` alone is only a name."""


def shell_lines(text: str) -> list[str]:
    """Lines of shell code blocks, with continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines()]


def inline_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def iiae_commands(page: Path) -> list[str]:
    text = page.read_text()
    lines = shell_lines(text) + [code for code in inline_code(text) if COMPLETE.search(code)]
    replaced = [TRAINER.sub("iiae", line) for line in lines]
    return [line for line in replaced if line.startswith("iiae ")]


COMMANDS = sorted({command for page in PAGES for command in iiae_commands(page)})


def is_accepted(command: str) -> bool:
    """Whether the subcommand and its options exist. `--help` keeps the command from running."""
    words = shlex.split(command, comments=True)[1:]
    return CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_commands_are_found():
    assert len(COMMANDS) > 20
    assert any(command.startswith("iiae train sketchy ") for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_documented_command_is_accepted(command):
    assert is_accepted(command)


@pytest.mark.parametrize("command", ["iiae nothing", "iiae search sketch.png --nothing 1"])
def test_unknown_subcommands_and_options_are_not_accepted(command):
    assert not is_accepted(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documented_modules_exist(page):
    for module in re.findall(r"python -m ([\w.]+)", page.read_text()):
        assert find_spec(module), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documented_files_exist(page):
    for code in inline_code(page.read_text()):
        if re.fullmatch(r"(model|service|tests|benchmarks|docker|clients|docs)/[\w./-]*", code):
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documented_tests_exist(page):
    for file, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text()):
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"


def test_each_answer_to_a_threat_names_a_test_or_a_setting():
    text = (ROOT / "docs" / "security.md").read_text()
    table = text.partition("## Threats and answers")[2].partition("## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    for row in rows:
        evidence = re.findall(r"`([^`]+)`", row[3])
        assert evidence, row[1]
        for each in evidence:
            if "::" not in each:
                assert each.removeprefix("IIAE_").lower() in Settings.model_fields, each


MADE = {"api.md", "../api.md", "cli.md", "settings.md"}
"""Pages that `docs/site/references.py` makes. `make check` tests links to them."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http:", "https:")) or target in MADE:
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to headings: lower case, without punctuation, with hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
