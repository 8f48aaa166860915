"""Removes the metadata of HEIF and AVIF files, which are boxes in boxes (ISO 14496-12, ISO 23008-12).

Metadata is an item like the pictures. Its type is overwritten here, so that no decoder reads it: Pillow would
parse EXIF data in Python. Orientation and colours are properties of the picture, and stay.

A picture may be a grid of tiles, each of which may be a grid again. Every tile costs its decoder a start, so
a small file could keep a thread busy for minutes: tiles are counted first.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass, field

from model.images.cicp import Cicp
from model.images.errors import PictureUnreadable
from model.images.iso_boxes import MAX_BOXES, IsoBoxes
from model.images.nclx import main_nclx

MAX_TILES = 2_000
"""Maximum number of tiles of a picture. A phone's picture of 200 megapixels has about 800."""
MAX_NESTING = 4
"""Maximum number of grids in grids. A picture with a gain map is derived from a grid: two."""

_FOLDERS = {b"moov": 0, b"trak": 0, b"meta": 4}
"""Boxes that may hold metadata, and the bytes before their first inner box."""
_METADATA = frozenset({b"Exif", b"mime", b"uri "})


@dataclass
class _Found:
    """Where the types of metadata items are, and of which items each picture is made."""

    metadata: list[int] = field(default_factory=list)
    made_of: list[dict[int, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class StrippedIsoMedia:
    """A file without metadata. `colours` is None if the main picture names none."""

    data: bytes
    colours: Cicp | None


def strip_iso_media(data: bytes, kind: str) -> StrippedIsoMedia:
    """Return a HEIF or AVIF file without its metadata. Nothing moves. Damaged files stay as they are.

    Raises:
        PictureUnreadable: the file has more than `MAX_BOXES` boxes or `MAX_TILES` tiles.
    """
    found, boxes = _Found(), IsoBoxes(data)
    with suppress(struct.error, IndexError):  # a box ends too early: the decoder reports it
        _walk(boxes, 0, len(data), found)
    if boxes.count > MAX_BOXES:
        raise PictureUnreadable(f"the {kind} file has more than {MAX_BOXES:,} boxes; save it again")
    for made_of in found.made_of:
        known: dict[int, int] = {}
        if any(_tiles(item, made_of, known) > MAX_TILES for item in made_of):
            raise PictureUnreadable(
                f"the {kind} file has more than {MAX_TILES:,} tiles; save it again with an image program"
            )
    colours = main_nclx(data, found.made_of[0] if found.made_of else {})
    if not found.metadata:
        return StrippedIsoMedia(data, colours)
    stripped = bytearray(data)
    for at in found.metadata:
        stripped[at : at + 4] = b"free"
    return StrippedIsoMedia(bytes(stripped), colours)


def _walk(boxes: IsoBoxes, at: int, end: int, found: _Found) -> None:
    data = boxes.data
    for kind, start, stop in boxes.between(at, end):
        if kind in _FOLDERS:
            _walk(boxes, start + _FOLDERS[kind], stop, found)
        elif kind == b"iinf":
            count = 2 if data[start] == 0 else 4
            for entry, inside, _ in boxes.between(start + 4 + count, stop):
                type_at = inside + (8 if data[inside] == 2 else 10)
                if entry == b"infe" and data[inside] >= 2 and data[type_at : type_at + 4] in _METADATA:
                    found.metadata.append(type_at)
        elif kind == b"iref":
            found.made_of.append(_read_references(boxes, start, stop))


def _read_references(boxes: IsoBoxes, at: int, end: int) -> dict[int, list[int]]:
    data, made_of = boxes.data, dict[int, list[int]]()
    number = "H" if data[at] == 0 else "L"
    for kind, start, stop in boxes.between(at + 4, end):
        if kind == b"dimg":
            item, count = struct.unpack_from(f">{number}H", data, start)
            size = struct.calcsize(number)
            ids = data[start + size + 2 : min(stop, start + size + 2 + size * count)]
            ids = ids[: len(ids) // size * size]
            made_of.setdefault(item, []).extend(struct.unpack(f">{len(ids) // size}{number}", ids))
    return made_of


def _tiles(item: int, made_of: dict[int, list[int]], known: dict[int, int], nesting: int = 0) -> int:
    """Return how many pictures are decoded for an item, or more than `MAX_TILES` if they are too many."""
    if item not in made_of:
        return 1
    if nesting == MAX_NESTING:
        return MAX_TILES + 1
    if item not in known:
        total = 0
        for part in made_of[item]:
            total += _tiles(part, made_of, known, nesting + 1)
            if total > MAX_TILES:
                break
        known[item] = max(1, total)
    return known[item]
