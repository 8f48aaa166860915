"""The in-process cache: encoded embeddings by key, bounded by their size in bytes."""

from cachetools import LRUCache

ENTRY_BYTES = 450
"""Bytes of an entry in addition to its value: the key, the objects' headers and the LRU's bookkeeping.

tracemalloc measures 425 bytes an entry for a key of 147 characters; all keys are about as long (see
`cache_key`).
"""


class MemoryCache:
    """A least-recently-used cache. Not locked: only the event loop's thread may use it.

    Args:
        max_bytes: upper bound of `size`; 0 disables the cache.
    """

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[str, bytes] = LRUCache(max_bytes, getsizeof=_entry_bytes)

    @property
    def size(self) -> int:
        """Bytes that the entries take, keys and bookkeeping included."""
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> bytes | None:
        """Return the value and mark it as just used."""
        return self._entries.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Store a value and evict the least recently used ones. Skip a value larger than `max_bytes`."""
        self._entries.pop(key, None)
        if _entry_bytes(value) <= self._entries.maxsize:
            self._entries[key] = value


def _entry_bytes(value: bytes) -> int:
    return ENTRY_BYTES + len(value)
