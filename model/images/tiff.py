"""Reduces a TIFF to its first picture, before Pillow and libtiff see it.

A TIFF is a list of tags that point anywhere in the file. Several may point to the same bytes, and Pillow
copies what each of them points to. Only the tags that describe the pixels are kept, in a new list at the
file's end.
"""

import struct
from dataclasses import dataclass
from typing import TypeAlias

from model.images.errors import PictureFormatUnsupported, PictureUnreadable

MAX_STRIPS = 50_000
"""Maximum number of strips or tiles. A picture has one strip for each row at most."""
MAX_TABLE = 400_000
"""Maximum number of bytes of any other tag's value: a palette of 16 bits takes 393,216."""
MAX_SAMPLES = 8
"""Maximum number of values of a pixel: four inks, and four more channels."""
SMALL_TILE = 1_024
"""Tiles of this size may be larger than the picture."""

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 256, 257, 258, 259, 262, 274
_SAMPLES, _ROWS, _PLANES, _TILE_WIDTH, _TILE_HEIGHT = 277, 278, 284, 322, 323
_SUBFILE_TYPE, _SUB_DIRECTORIES, _PROFILE, _DNG_VERSION = 254, 330, 34_675, 50_706
_LISTS = frozenset({273, 279, 324, 325})  # where the strips or tiles are, and their sizes
_KEPT = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, 266, _SAMPLES, _ROWS, _PLANES}
    | {292, 293, 317, 320, _TILE_WIDTH, _TILE_HEIGHT, 332, 338, 339, 347, 529, 530, 531, 532}
    | _LISTS
)
_COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 7, 8, 32_773, 32_946})
"""None, CCITT (fax), LZW, JPEG, Deflate and PackBits."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value, by the tag's type."""

Entry: TypeAlias = tuple[int, int, bytes]
"""A tag's type, its number of values, and the four bytes with its value or its place."""


@dataclass(frozen=True)
class StrippedTiff:
    """A TIFF with one picture and no metadata.

    Args:
        orientation: 1 to 8.
        profile: the colour profile (ICC).
        buffer_bytes: bytes of the largest strip or tile. Its decoder holds it beside the picture.
    """

    data: bytes
    orientation: int
    profile: bytes | None
    buffer_bytes: int


def strip_tiff(data: bytes) -> StrippedTiff:
    """Return the first picture of a TIFF.

    Raises:
        PictureUnreadable: its list of tags is damaged or too long.
        PictureFormatUnsupported: it is a camera's raw file, or a kind of TIFF that is not accepted.
    """
    try:
        directory = _Directory(data)
        directory.check_format()
        return StrippedTiff(
            directory.rewritten(),
            orientation=directory.number(_ORIENTATION, 1),
            profile=directory.value(_PROFILE) if _PROFILE in directory.entries else None,
            buffer_bytes=directory.buffer_bytes(),
        )
    except struct.error as error:
        raise PictureUnreadable("the TIFF file is truncated or damaged; send another file") from error


class _Directory:
    """The tags of the first picture."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = "<" if data.startswith(b"II") else ">"
        self.entries: dict[int, Entry] = {}
        (at,) = self._read("L", 4)
        (count,) = self._read("H", at)
        for place in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(f"{self._order}HHL4s", data, place)
            if kind in _SIZES:
                self.entries.setdefault(tag, (kind, values, value))

    def value(self, tag: int) -> bytes:
        """Return the bytes of a tag's value."""
        kind, count, value = self.entries[tag]
        size = _SIZES[kind] * count
        if size <= 4:
            return value[:size]
        (at,) = struct.unpack(f"{self._order}L", value)
        if at + size > len(self._data):
            raise struct.error
        return self._data[at : at + size]

    def number(self, tag: int, default: int) -> int:
        """Return the first value of a tag that holds whole numbers."""
        if tag not in self.entries or self.entries[tag][0] not in {1, 3, 4}:
            return default
        letter = {1: "B", 3: "H", 4: "L"}[self.entries[tag][0]]
        return int(struct.unpack_from(f"{self._order}{letter}", self.value(tag))[0])

    def check_format(self) -> None:
        """Refuse what Pillow would read wrong, or not at all."""
        preview = _SUB_DIRECTORIES in self.entries and self.number(_SUBFILE_TYPE, 0) & 1
        if preview or _DNG_VERSION in self.entries or self._data[8:10] == b"CR":
            raise PictureFormatUnsupported("this is a camera's raw file; export it as JPEG, HEIC or TIFF")
        compression = self.number(_COMPRESSION, 1)
        if compression not in _COMPRESSIONS:
            raise PictureFormatUnsupported(
                f"the TIFF file has compression {compression}; save it with LZW, Deflate, JPEG or none"
            )
        bits = self.number(_BITS, 1)
        if self.number(339, 1) != 1 or bits > 16:
            raise PictureFormatUnsupported(
                "the TIFF file has 32-bit, signed or fractional numbers; save it with 8 or 16 bits"
            )
        if bits == 16 and self.number(_PHOTOMETRIC, 1) == 0:
            raise PictureFormatUnsupported(
                "the TIFF file has 16 bits and zero is white; save it with 8 bits, or with zero as black"
            )

    def rewritten(self) -> bytes:
        """Return the file with a new list of tags at its end."""
        kept = sorted(tag for tag in self.entries if tag in _KEPT)
        for tag in kept:
            kind, count, _ = self.entries[tag]
            if tag in _LISTS and count > MAX_STRIPS:
                raise PictureUnreadable(f"the TIFF file has more than {MAX_STRIPS:,} strips; save it again")
            if tag not in _LISTS and count * _SIZES[kind] > MAX_TABLE:
                raise PictureUnreadable("the TIFF file has a table that is too long; save it again")
        padding = b"\0" * (len(self._data) % 2)
        entries = [struct.pack(f"{self._order}HHL4s", tag, *self.entries[tag]) for tag in kept]
        return b"".join(
            [
                self._data[:4],
                struct.pack(f"{self._order}L", len(self._data) + len(padding)),
                memoryview(self._data)[8:],
                padding,
                struct.pack(f"{self._order}H", len(entries)),
                *entries,
                b"\0" * 4,
            ]
        )

    def buffer_bytes(self) -> int:
        """Return the bytes of the largest strip or tile, decompressed."""
        width, height = self.number(_WIDTH, 0), self.number(_HEIGHT, 0)
        columns, rows = width, min(self.number(_ROWS, height), height)
        if _TILE_WIDTH in self.entries:
            columns, rows = self.number(_TILE_WIDTH, 0), self.number(_TILE_HEIGHT, 0)
            if columns > max(SMALL_TILE, width + 15) or rows > max(SMALL_TILE, height + 15):
                raise PictureUnreadable(
                    "the TIFF file has tiles that are larger than the picture; save it again"
                )
        samples = self.number(_SAMPLES, 1)
        if samples > MAX_SAMPLES:
            raise PictureUnreadable(f"the TIFF file has more than {MAX_SAMPLES} channels; save it again")
        samples = 1 if self.number(_PLANES, 1) == 2 else samples
        return columns * rows * samples * max(8, self.number(_BITS, 1)) // 8

    def _read(self, layout: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + layout, self._data, at)
