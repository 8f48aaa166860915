"""Options of the application itself."""

from importlib.metadata import version

from typer.testing import CliRunner

from model.cli import app as application


def test_every_command_keeps_freed_memory(monkeypatch, tmp_path):
    calls: list[bool] = []
    monkeypatch.setattr(application, "keep_memory", lambda: calls.append(True))
    arguments = ["evaluate", "sketchy", "--data", str(tmp_path), "--home", str(tmp_path)]
    CliRunner().invoke(application.app, arguments)  # fails, because the folder is empty
    assert calls == [True]


def test_version_is_that_of_the_installed_distribution():
    done = CliRunner().invoke(application.app, ["--version"])
    assert done.output == f"iiae {version('iiae')}\n"
