"""`--watch` ends at a signal, also if the exception that the signal raises is lost."""

import os
import signal
import threading
import time

import pytest

from service.cli.syncing import until_interrupted
from service.galleries.sync.watch import changes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.timeout(30)
def test_a_signal_ends_watching(tmp_path, number, is_lost):
    before, ended = signal.getsignal(number), []

    def watch(stop: threading.Event) -> None:
        threading.Timer(0.2, lambda: os.kill(os.getpid(), number)).start()
        if is_lost:
            with pytest.raises(KeyboardInterrupt):
                time.sleep(10)
        for _ in changes([tmp_path], besides=tmp_path / "galleries", wait=lambda: 600.0, stop=stop):
            pass
        ended.append(True)

    until_interrupted(watch)
    assert ended == ([True] if is_lost else [])  # watchfiles turns pytest's own timeout into an interrupt
    assert signal.getsignal(number) is before
