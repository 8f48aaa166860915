"""Under overload, read new requests together instead of one by one.

Most of them are refused then, and most of a refusal's time is the start: the event loop wakes up, waits for
Python's lock, and finds the code and data of requests no longer in the processor's caches. Ten refusals
together take little more time than one, and leave more of it to accepted requests.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

GATHER_SECONDS = 0.03
"""How long a request waits for others. Short beside the seconds that accepted ones wait under overload."""


class Reader(Protocol):
    """A connection that reads data."""

    def read_held(self, data: bytes) -> None:
        """Read data that was held back."""


class GatheredReads:
    """Holds back the first bytes of requests while the service is overloaded, and hands them out together.

    Args:
        overloaded: returns whether the service refuses requests at the moment.
    """

    def __init__(self, overloaded: Callable[[], bool]) -> None:
        self._overloaded = overloaded
        self._held: dict[Reader, bytes] = {}

    def hold(self, reader: Reader, data: bytes) -> bool:
        """Hold back a reader's data, and return whether that was done. `read_held` gets it soon."""
        if not self._overloaded():
            return False
        if not self._held:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._hand_out)
        self._held[reader] = data
        return True

    def take(self, reader: Reader) -> bytes:
        """Return and forget what is held back of a reader's data; empty if nothing is."""
        return self._held.pop(reader, b"")

    def _hand_out(self) -> None:
        held, self._held = self._held, {}
        for reader, data in held.items():
            reader.read_held(data)
