"""A limit on the pictures that are decoded before the device can take them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.errors import Overloaded
from service.inference.limited import Limited

BATCHES_AHEAD = 3
"""Batches whose pictures may be decoded: one on the device, one that waits, one that is being decoded."""


class DecodedAhead(Limited):
    """Gives places to pictures that are decoded and not yet embedded.

    A picture's pixels take much more memory than its file. Under overload thousands of requests may wait, so
    they wait with their files.

    Args:
        places: pictures that may be decoded and not yet embedded.
        max_waiting: requests that may wait for a place.
    """

    def __init__(self, *, places: int, max_waiting: int) -> None:
        super().__init__("embedding", places)
        self._max_waiting = max_waiting

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, first come, first served, and keep it until the block ends.

        Raises:
            Overloaded: too many wait already.
        """
        if self.waiting >= self._max_waiting:
            raise Overloaded(
                f"{self._max_waiting} images already wait to be embedded, the maximum; "
                "try again after the time in Retry-After"
            )
        borrower = object()  # one task may hold several places
        await self._limiter.acquire_on_behalf_of(borrower)
        try:
            yield
        finally:
            self._limiter.release_on_behalf_of(borrower)
