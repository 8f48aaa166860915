"""Threads that are reused, and that do not keep the process alive if a call never returns."""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class DaemonThreads:
    """Runs every call at once, in a free thread or in a new one. The caller limits the number of calls.

    The threads of `concurrent.futures` and of anyio do not end with the process: one stalled disk would stop
    a server from stopping.

    Args:
        name: name of the threads.
        max_idle: threads that wait for the next call; others end after their call.
    """

    def __init__(self, name: str, max_idle: int) -> None:
        self._name, self._max_idle = name, max_idle
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def submit(self, call: Callable[[], None]) -> None:
        """Run a call, which must not raise."""
        with self._lock:
            has_thread = self._idle > 0
            self._idle -= has_thread
        self._calls.put(call)
        if not has_thread:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            self._calls.get()()
            with self._lock:
                if self._idle >= self._max_idle:
                    return
                self._idle += 1
