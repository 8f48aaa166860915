"""Decode uploads in worker threads, within a budget of bytes for all requests together."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from model.inference import Inference
from model.presets import Side
from service.errors import Overloaded
from service.images.budget import DecodedBudget, Reservation
from service.images.decode import Reserve
from service.images.screen import for_screen
from service.inference.workers import Workers

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Read(Protocol[T_co]):
    """A function that decodes a file and prepares it for a model, such as `decode_pixels`."""

    def __call__(
        self, data: bytes, inference: Inference, side: Side, *, max_pixels: int, reserve: Reserve
    ) -> T_co: ...


class Decoder:
    """Decodes files. A file that finds no room in the budget gives its thread back and waits without one.

    Args:
        workers: threads that decode.
        budget: bytes of all pictures that are decoded at the same time.
        max_pixels: maximum number of pixels of a picture. The header is checked before decoding.
        max_waiting: files that may wait for room in the budget.
    """

    def __init__(self, *, workers: Workers, budget: DecodedBudget, max_pixels: int, max_waiting: int) -> None:
        self.budget = budget
        self._workers = workers
        self._max_pixels = max_pixels
        self._max_waiting = max_waiting

    async def read(self, function: Read[T], data: bytes, inference: Inference, side: Side) -> T:
        """Return `function(data, inference, side)`, which decodes a file.

        Raises:
            Overloaded: too many files wait for a thread or for room in the budget.
            ServiceError: as `function` raises.
        """
        return await self._run(
            lambda reserve: function(data, inference, side, max_pixels=self._max_pixels, reserve=reserve)
        )

    async def for_screen(self, data: bytes) -> bytes:
        """Return a picture file as a WebP that every browser shows. Raises as `read`."""
        return await self._run(lambda reserve: for_screen(data, max_pixels=self._max_pixels, reserve=reserve))

    async def _run(self, run: Callable[[Reserve], T]) -> T:
        try:
            return await self._workers.run(run, self._reserve_now)
        except _NoRoom as no_room:
            size = no_room.size
        if self.budget.queue_length >= self._max_waiting:
            raise Overloaded(
                f"{self._max_waiting} images already wait to be decoded, the maximum; "
                "try again after the time in Retry-After"
            )
        with await self.budget.reserve(size) as reservation:
            return await self._workers.run_unbounded(run, lambda size: reservation)

    def _reserve_now(self, size: int) -> Reservation:
        reservation = self.budget.try_reserve(size)
        if reservation is None:
            raise _NoRoom(size)
        return reservation


class _NoRoom(Exception):
    """The budget has no room for a picture of `size` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
