"""Reads the boxes of HEIF and AVIF files (ISO 14496-12)."""

import struct
from collections.abc import Iterator

MAX_BOXES = 20_000


class IsoBoxes:
    """The boxes of one file. `count` is how many were read; more than `MAX_BOXES` are not."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = 0

    def between(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield the type of each box, and where its contents start and end."""
        while at + 8 <= end and self.count <= MAX_BOXES:
            self.count += 1
            size, kind = struct.unpack_from(">L4s", self.data, at)
            start = at + 8
            if size == 1:
                size, start = struct.unpack_from(">Q", self.data, start)[0], at + 16
            stop = min(at + size, end) if size else end
            if stop < start:
                return
            yield kind, start, stop
            at = stop
