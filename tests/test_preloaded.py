"""Preloaded servers are processes of their own, with the environment and the end of started ones."""

import signal
import subprocess

import pytest

from benchmarks.shared.preloaded import Adopted, Preloaded
from benchmarks.shared.server_process import Server


def test_a_fork_is_a_server_with_its_own_settings_log_and_exit_status(tmp_path):
    homes = [tmp_path / name for name in ("first", "second")]
    for home in homes:
        home.mkdir()
    first, second = (
        Server(home, IIAE_LOG_JSON=word) for home, word in zip(homes, ("true", "false"), strict=True)
    )
    with first, second:
        assert first.live().process.pid != second.live().process.pid
        assert first.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            first.process.wait(0.05)
        assert first.stop() == 0
        second.process.send_signal(signal.SIGKILL)
        assert second.process.wait(30) == second.process.poll() == -signal.SIGKILL
    assert first.log.read_text().startswith("{")
    assert not second.log.read_text().startswith("{")


def test_a_fork_that_refuses_its_settings_ends_with_status_2(tmp_path):
    with Server(tmp_path, IIAE_PORT="http") as server:
        assert server.process.wait(30) == 2
    assert server.log.read_text().startswith("iiae: IIAE_PORT")


def test_variables_that_imports_read_may_not_differ():
    preloaded = Preloaded({"PATH": "/bin", "OMP_NUM_THREADS": "1"})
    assert preloaded.can_start({"OMP_NUM_THREADS": "1", "IIAE_HOME": "x", "SET_BY_A_TEST": "y"})
    assert not preloaded.can_start({"OMP_NUM_THREADS": "1", "PYTHONPATH": "z"})
    assert not preloaded.can_start({"OMP_NUM_THREADS": "2"})


def test_tests_use_preloaded_servers_unless_they_ask_for_the_shipped_defaults(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/tmp/set-by-torch")
    with Server(tmp_path) as fork, Server(tmp_path, shipped_defaults=True) as started:
        assert isinstance(fork.process, Adopted)
        assert not isinstance(started.process, Adopted)
