"""Retry a use case whose gallery was re-embedded while it ran."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from service.errors import GalleryReindexed

T = TypeVar("T")

ATTEMPTS = 3
"""Attempts before giving up when the gallery is re-embedded during a request."""


async def retry_when_reindexed(attempt: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `attempt`. Call it again if the gallery is re-embedded while it runs.

    Raises:
        GalleryReindexed: this happened in all `ATTEMPTS` attempts.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(GalleryReindexed):
            return await attempt()
    return await attempt()
