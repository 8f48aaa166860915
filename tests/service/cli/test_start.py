"""The start of `iiae` does not collect garbage; its commands do."""

import gc

import pytest

from service.cli import commands
from service.cli.__main__ import main


def test_garbage_is_collected_while_a_command_runs(monkeypatch: pytest.MonkeyPatch):
    running: list[bool] = []
    monkeypatch.setattr(commands, "main", lambda: running.append(gc.isenabled()))
    main()
    assert running == [True]
