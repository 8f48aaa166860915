"""Reads the orientation and the colour space from EXIF data, and nothing else of it."""

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["little", "big"]

MAX_TAGS = 1_000
"""Maximum number of tags of a directory that are looked at. Cameras write some fifty."""

_TIFF = re.compile(rb"(?:Exif\0\0){0,2}(II\*\0|MM\0\*)")
_ORIENTATION = (0x0112, 3, 1)  # the tag, the type (short) and the count
_EXIF, _INTEROPERABILITY = (0x8769, 4, 1), (0xA005, 4, 1)  # where further directories are
_INDEX = (1, 2, 4)  # of four bytes of text


def exif_orientation(block: bytes) -> int:
    """Return the orientation, 1 to 8, from the first directory of an EXIF block; 1 if there is none."""
    for order, _, header, place in _directory(block, None):
        if header == _ORIENTATION:
            value = int.from_bytes(block[place : place + 2], order)
            return value if value in range(1, 9) else 1
    return 1


def is_adobe_rgb(block: bytes) -> bool:
    """Return whether EXIF data names Adobe RGB, as cameras do instead of a profile (DCF 2.0: index R03)."""
    directory: int | None = None
    for pointer in (_EXIF, _INTEROPERABILITY):
        for order, start, header, place in _directory(block, directory):
            if header == pointer:
                directory = start + int.from_bytes(block[place : place + 4], order)
                break
        else:
            return False
    return any(
        header == _INDEX and block[place : place + 4] == b"R03\0"
        for _, _, header, place in _directory(block, directory)
    )


def _directory(block: bytes, at: int | None) -> Iterator[tuple[Order, int, tuple[int, ...], int]]:
    """Yield the byte order, the start of all offsets, and each tag with the place of its value.

    Args:
        at: where the directory is. None is the first one.
    """
    if (tiff := _TIFF.match(block)) is None:
        return
    mark, start = ("<" if tiff[1].startswith(b"I") else ">"), tiff.start(1)
    with suppress(struct.error):  # an offset points beyond the block
        if at is None:
            at = start + struct.unpack_from(f"{mark}L", block, start + 4)[0]
        for entry in range(min(MAX_TAGS, struct.unpack_from(f"{mark}H", block, at)[0])):
            place = at + 2 + 12 * entry
            yield (
                "little" if mark == "<" else "big",
                start,
                struct.unpack_from(f"{mark}HHL", block, place),
                place + 8,
            )
