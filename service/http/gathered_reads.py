"""Under overload, read new requests together instead of one by one.

Most of them are refused then, and most of a refusal's time is the start: the event loop wakes up, waits for
Python's lock, and finds the code and data of requests no longer in the processor's caches. Ten refusals
together take little more time than one, and leave more of it to accepted requests.
"""

import asyncio
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

GATHER_SECONDS = 0.03
"""How long a request waits for others. Short beside the seconds that accepted ones wait under overload."""


class GatheredReads(Collector):
    """Pauses reading from idle connections while the service is overloaded, and resumes all of them together.

    What clients send meanwhile stays in the system's buffers.

    Args:
        overloaded: returns whether the service refuses requests at the moment.
    """

    def __init__(self, overloaded: Callable[[], bool]) -> None:
        self._overloaded = overloaded
        self._paused: set[asyncio.Transport] = set()
        self._pauses = 0

    def collect(self) -> Iterator[Metric]:
        """Yield the metric."""
        yield CounterMetricFamily(
            "iiae_paused_reads", "Short pauses of reading from idle connections under overload", self._pauses
        )

    def pause_if_overloaded(self, transport: asyncio.Transport) -> None:
        """Stop reading from an idle connection for a moment, if the service is overloaded."""
        if not self._overloaded() or transport.is_closing():
            return
        if not self._paused:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._resume)
        self._paused.add(transport)
        self._pauses += 1
        transport.pause_reading()

    def _resume(self) -> None:
        paused, self._paused = self._paused, set()
        for transport in paused:
            transport.resume_reading()
