"""All open connections of a server: how many there may be, and what happened to them."""

import asyncio
import resource
from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SPARE_FILES = 256
"""File descriptors that connections leave to galleries, checkpoints and Redis."""


class OpenConnection(Protocol):
    """One connection, as `Connections` sees it."""

    transport: asyncio.Transport
    idle_since: float | None
    """Time at which the server began to wait for the client's next headers. None during a request."""


class Connections(Collector):
    """The open connections of one server.

    Without a limit, clients could use up the process's file descriptors. Then neither a gallery nor a
    checkpoint could be opened. At the limit the connection that has been idle for longest is closed, so idle
    clients cannot keep others out.

    Args:
        limit: number of open connections.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open: set[OpenConnection] = set()
        self.refused = self.aborted_writes = 0

    def add(self, connection: OpenConnection) -> bool:
        """Add a new connection, and return whether it is accepted.

        It is not if there are too many connections and none of them is idle.
        """
        if len(self.open) >= self.limit:
            idle = [(each.idle_since, each) for each in self.open if each.idle_since is not None]
            if not idle:
                self.refused += 1
                return False
            _, longest = min(idle, key=lambda pair: pair[0])
            self.open.discard(longest)
            longest.transport.abort()  # `close` would wait until the client has read everything
        self.open.add(connection)
        return True

    def remove(self, connection: OpenConnection) -> None:
        """Forget a connection that has ended."""
        self.open.discard(connection)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield GaugeMetricFamily("iiae_connections", "Open connections", len(self.open))
        yield CounterMetricFamily(
            "iiae_connections_refused", "Connections refused, because there were too many", self.refused
        )
        yield CounterMetricFamily(
            "iiae_aborted_writes", "Connections closed, because the client did not read", self.aborted_writes
        )


def connection_limit(wanted: int) -> int:
    """Return how many connections the process may have open, at most `wanted`.

    First raises the soft limit of open files, if it is too low. Half of a small limit stays for files.
    """
    needed = wanted + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    files = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(wanted, files - min(SPARE_FILES, files // 2))
