"""The start of `iiae`: fast without torch, no collections while a command is imported, our own packages."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from model.cli.app import COMMANDS as MODEL_COMMANDS
from model.cli.program import import_without_collections
from service.cli.commands import COMMANDS

ALL = COMMANDS | MODEL_COMMANDS
HEAVY = ("torch", "faiss", "scipy", "fastapi", "uvicorn")


def run(*words, folder=None, **variables):
    environment = {"PATH": "/usr/bin:/bin", **variables}
    words = [sys.executable, *words]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["models"], ["serve", "--help"]])
def test_what_needs_no_model_imports_no_heavy_library(tmp_path, words):
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded', [name for name in {HEAVY} if name in sys.modules]))\n"
        "from service.cli.__main__ import main\n"
        f"sys.argv = ['iiae', *{words}]\n"
        "main()\n"
    )
    root = str(Path(__file__).parents[3])
    done = run("-c", code, folder=tmp_path, PYTHONPATH=root, IIAE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "loaded []"), done.stderr


@pytest.mark.parametrize("name", ALL)
def test_the_line_in_the_help_is_the_commands_own(name):
    entry = ALL[name]
    help_text = " ".join((entry.load().help or "").split())
    assert help_text.startswith(entry.help)


def test_garbage_is_collected_again_after_an_import():
    gc.enable()
    assert import_without_collections("json").__name__ == "json"
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError):
        import_without_collections("no_such_module")
    assert gc.isenabled()


def test_a_module_called_model_in_the_way_is_not_imported(tmp_path):
    """In the working directory, or on PYTHONPATH."""
    (tmp_path / "model.py").write_text("raise SystemExit('the wrong model')")
    root = Path(__file__).parents[3]
    start = "from service.cli.__main__ import main; main()"
    for path in (f"{root}", f"{tmp_path}:{root}"):
        done = run("-c", start, "models", folder=tmp_path, PYTHONPATH=path, IIAE_HOME=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        assert "sketchy" in done.stdout
