"""A dictionary of bytes that never grows past a number of bytes: what was used longest ago goes first."""

from collections import OrderedDict

ENTRY_BYTES = 200
"""What an entry costs beside its key and value: two Python objects and a place in the dictionary."""


class Lru:
    """Not locked: for one thread, the event loop's."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that the entries take, keys and bookkeeping included."""
        return self._size

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> bytes | None:
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keeps the value, unless it is larger than everything together may be."""
        self.remove(key)
        if _cost(key, value) > self._max_bytes:
            return
        self._entries[key] = value
        self._size += _cost(key, value)
        while self._size > self._max_bytes:
            self._size -= _cost(*self._entries.popitem(last=False))

    def remove(self, key: str) -> None:
        value = self._entries.pop(key, None)
        if value is not None:
            self._size -= _cost(key, value)


def _cost(key: str, value: bytes) -> int:
    return ENTRY_BYTES + len(key) + len(value)
