"""The service as a process, for tests and trials."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import httpx

from benchmarks.shared.preloaded import Adopted, Preloaded

OVERRIDES = ("IIAE_", "OMP_", "GOMP_", "KMP_")
"""Starts of the variables that change a default of the service or of its threads."""


def free_port() -> int:
    """Return a free TCP port on the loopback interface, which nobody else is given for a minute.

    The kernel gives a port with a connection in TIME_WAIT only to servers that ask for it and set
    SO_REUSEADDR. Most servers do.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            free.accept()[0].close()  # the side that closes first keeps the connection in TIME_WAIT
    return port


class Server:
    """A process that runs `iiae serve`. As a context manager it ends the process in any case.

    It computes on one thread, because tests run in parallel, and looks for new checkpoints often.

    Args:
        home: `IIAE_HOME` of the service. The log is written there.
        shipped_defaults: run with the shipped defaults instead, whatever this process's environment says.
        environment: further settings, such as `IIAE_MAX_IMAGES="8"`.

    Attributes:
        preloaded: forks the servers, if it is not None. Tests set it. A server with other variables that
            imports read is always a new Python, as one with the shipped defaults is.
    """

    preloaded: ClassVar[Preloaded | None] = None

    def __init__(self, home: Path, *, shipped_defaults: bool = False, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / f"server-{self.port}.log"
        settings = {"IIAE_HOME": str(home), "IIAE_PORT": str(self.port)}
        inherited = dict(os.environ)
        if shipped_defaults:
            inherited = {name: value for name, value in inherited.items() if not name.startswith(OVERRIDES)}
        else:
            settings |= {"IIAE_STORE_POLL_SECONDS": "0.2", "OMP_NUM_THREADS": "1"}
        variables = inherited | settings | environment
        self.process = self._start(variables, None if shipped_defaults else self.preloaded)
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def _start(
        self, variables: dict[str, str], preloaded: Preloaded | None
    ) -> Adopted | subprocess.Popen[bytes]:
        with self.log.open("w") as log:
            if preloaded is not None and preloaded.can_start(variables):
                return preloaded.start(variables, self.log)
            command = [sys.executable, "-m", "service.cli", "serve"]
            return subprocess.Popen(command, env=variables, stdout=log, stderr=log)

    def ready(self, within: float = 60) -> Self:
        """Wait until the service is ready to answer.

        Raises:
            AssertionError: the process ended, or it is not ready in time.
        """
        return self._wait_for("/health/ready", within)

    def live(self, within: float = 60) -> Self:
        """Wait until the process answers. It may have no model.

        Raises:
            AssertionError: the process ended, or it does not answer in time.
        """
        return self._wait_for("/health/live", within)

    def _wait_for(self, path: str, within: float) -> Self:
        until = time.monotonic() + within
        while time.monotonic() < until:
            try:
                if self.client.get(path).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"{path} does not answer 200: {self.log.read_text()}")

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the exit status."""
        self.client.close()
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self.client.close()
        self.process.kill()
        self.process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is not None:
            self.client.close()
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
