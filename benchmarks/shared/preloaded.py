"""Servers that start fast, for tests: forks of one process that has imported the service.

Two of the three seconds of a server's start are imports, most of them of PyTorch. A fork does everything
else that `python -m service.cli serve` does, in a process and with an environment of its own.

    python -m benchmarks.shared.preloaded    # reads an order in each line, and prints a process id for each
"""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO, cast

ROOT = Path(__file__).parents[2]
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
READ_BY_IMPORTS = ("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "LD_", "MALLOC_", "PYTHON")
"""Starts of the variables that matter before a server's own code runs.

The others are those of each fork. Torch, for one, sets TORCHINDUCTOR_CACHE_DIR in a process that trains.
"""


class Preloaded:
    """Forks servers from a process that has imported the service. It starts with the first server.

    Args:
        variables: its environment variables.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)
        self._process: subprocess.Popen[str] | None = None

    def can_start(self, variables: Mapping[str, str]) -> bool:
        """Return whether a server with these environment variables would import the same."""
        return sys.platform == "linux" and _imported(variables) == _imported(self._variables)

    def start(self, variables: Mapping[str, str], log: Path) -> "Adopted":
        """Start a server with these environment variables. It writes stdout and stderr to the log."""
        if self._process is None:
            ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)  # the servers become children of this process
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.shared.preloaded"],
                cwd=ROOT,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        orders, answers = cast("TextIO", self._process.stdin), cast("TextIO", self._process.stdout)
        print(json.dumps([dict(variables), str(Path.cwd()), str(log)]), file=orders, flush=True)
        return Adopted(int(answers.readline()))

    def close(self) -> None:
        """End the process. The servers go on."""
        if self._process is not None:
            self._process.communicate()


def _imported(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith(READ_BY_IMPORTS)}


class Adopted:
    """A process that this one waits for, but has not started. It works as `subprocess.Popen` does."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or minus the signal that ended the process; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the same.

        Raises:
            subprocess.TimeoutExpired: the process still runs.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(["iiae", "serve"], timeout or 0.0)
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def main() -> None:
    """Import the service, and fork a server for each order. In a fork, run the server."""
    from service.cli import commands as commands
    from service.cli.__main__ import main as iiae
    from service.http import server as server  # the service imports it later

    gc.freeze()
    for line in sys.stdin:
        if not _fork():
            _become(*json.loads(line))
            iiae()
            return


def _fork() -> int:
    """Fork a process whose parent is the subreaper, and print its id. Return the id, and 0 in the fork."""
    reading, writing = os.pipe()
    between = os.fork()
    if not between:
        child = os.fork()
        if child:
            os.write(writing, str(child).encode())
            os._exit(0)  # the child gets another parent
        os.close(reading)
        os.close(writing)
        return 0
    os.close(writing)
    os.waitpid(between, 0)
    child = int(os.read(reading, 20))
    os.close(reading)
    print(child, flush=True)
    return child


def _become(variables: dict[str, str], folder: str, log: str) -> None:
    """Take over the environment, the folder, the log and the arguments of a server."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    for path, flags, numbers in ((os.devnull, os.O_RDONLY, (0,)), (log, os.O_WRONLY | os.O_APPEND, (1, 2))):
        opened = os.open(path, flags)
        for number in numbers:
            os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["iiae", "serve"]


if __name__ == "__main__":
    main()
