"""Read the next parts of a long task in threads while the caller works on one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

P = TypeVar("P")
T = TypeVar("T")

AHEAD = 2
"""Parts that are read before the caller asks for them, one in each thread."""


def read_ahead(parts: Iterable[P], read: Callable[[P], T]) -> Iterator[T]:
    """Yield `read(part)` for each part, in order. `read` runs in `AHEAD` threads."""
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(AHEAD) as threads:
        for part in parts:
            pending.append(threads.submit(read, part))
            if len(pending) > AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
