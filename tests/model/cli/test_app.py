"""Options of the application itself."""

from importlib.metadata import version

from typer.testing import CliRunner

from model.cli import program
from model.cli.app import app


def test_every_command_keeps_freed_memory(monkeypatch, tmp_path):
    calls: list[bool] = []
    monkeypatch.setattr(program, "keep_memory", lambda: calls.append(True))
    arguments = ["evaluate", "sketchy", "--data", str(tmp_path), "--home", str(tmp_path)]
    CliRunner().invoke(app, arguments)  # fails, because the folder is empty
    assert calls == [True]


def test_version_is_that_of_the_installed_distribution():
    done = CliRunner().invoke(app, ["--version"])
    assert done.output == f"iiae {version('iiae')}\n"
