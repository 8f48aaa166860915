"""Reading the next parts of a long work while one is worked on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

P = TypeVar("P")
T = TypeVar("T")

AHEAD = 2


def read_ahead(parts: Iterable[P], read: Callable[[P], T]) -> Iterator[T]:
    """What `read` gives for each part, in order, read in threads; `AHEAD` of them before whoever takes them asks."""
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(AHEAD) as threads:
        for part in parts:
            waiting.append(threads.submit(read, part))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
