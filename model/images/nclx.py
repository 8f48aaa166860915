"""Finds the colours (nclx) of the main picture of HEIF and AVIF files (ISO 23008-12).

The list `ipco` has the properties of all pictures, and `ipma` says which picture has which. A picture that is
made of tiles may leave its colours to them.
"""

import struct
from contextlib import suppress

from model.images.cicp import Cicp
from model.images.iso_boxes import MAX_BOXES, IsoBoxes

MAX_MADE_OF = 4
"""How far colours are searched from a picture to the first part of which it is made."""


def main_nclx(data: bytes, made_of: dict[int, list[int]]) -> Cicp | None:
    """Return the colours of the main picture, or None if the file has none or is damaged.

    Args:
        made_of: the pictures of which others are made.
    """
    boxes = IsoBoxes(data)
    with suppress(struct.error, IndexError):
        for kind, start, stop in boxes.between(0, len(data)):
            if kind == b"meta":
                return _Pictures(boxes, start + 4, stop).main_colours(made_of)
    return None


class _Pictures:
    """The properties that the box `meta` has, and those of each picture."""

    def __init__(self, boxes: IsoBoxes, at: int, end: int) -> None:
        self._data = boxes.data
        self._main = 0
        self._properties: list[tuple[bytes, int, int]] = []
        self._owners: dict[int, tuple[int, str]] = {}
        for kind, start, stop in boxes.between(at, end):
            if kind == b"pitm":
                (self._main,) = struct.unpack_from(
                    ">H" if self._data[start] == 0 else ">L", self._data, start + 4
                )
            elif kind == b"iprp":
                for inner, inner_start, inner_stop in boxes.between(start, stop):
                    if inner == b"ipco":
                        self._properties = list(boxes.between(inner_start, inner_stop))
                    elif inner == b"ipma":
                        self._read_owners(inner_start)

    def main_colours(self, made_of: dict[int, list[int]]) -> Cicp | None:
        item = self._main
        for _ in range(MAX_MADE_OF):
            for number in self._numbers(item):
                if (colours := self._colours(number)) is not None:
                    return colours
            if not made_of.get(item):
                break
            item = made_of[item][0]
        return None

    def _numbers(self, item: int) -> list[int]:
        """Return the numbers of a picture's properties. The highest bit says that a property is essential."""
        at, form = self._owners.get(item, (0, ""))
        essential = 0x8000 if form.endswith("H") else 0x80
        return [number & ~essential for number in struct.unpack_from(form, self._data, at)]

    def _colours(self, number: int) -> Cicp | None:
        """Return the colours that a property has; properties count from 1."""
        if not 1 <= number <= len(self._properties):
            return None
        kind, start, stop = self._properties[number - 1]
        if kind != b"colr" or self._data[start : start + 4] != b"nclx" or stop < start + 8:
            return None
        return Cicp(*struct.unpack_from(">HH", self._data, start + 4))

    def _read_owners(self, at: int) -> None:
        """Note where the numbers of each picture's properties are."""
        item_form, number_form = ">L" if self._data[at] else ">H", "H" if self._data[at + 3] & 1 else "B"
        (count,) = struct.unpack_from(">L", self._data, at + 4)
        at += 8
        for _ in range(min(count, MAX_BOXES)):
            (item,) = struct.unpack_from(item_form, self._data, at)
            at += struct.calcsize(item_form)
            form = f">{self._data[at]}{number_form}"
            self._owners.setdefault(item, (at + 1, form))
            at += 1 + struct.calcsize(form)
