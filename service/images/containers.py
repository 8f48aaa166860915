"""Picture files cut to what their pixels need, so that no decoder meets the rest.

Comments, profiles, thumbnails and further pictures are left out, however many there are; of all that is told about a
picture, only how the camera was held is read. What is damaged is left for the decoder to find.
"""

import re
import struct
from dataclasses import dataclass

from service.errors import ImageUnreadable

MAX_PARTS = 20_000
"""Chunks, segments or blocks that a file may have: ten times those of a PNG of 16 MB, and they cost some 50 ms."""
MAX_SCANS = 100
"""Scans that a JPEG may have; programs write some ten. Each walks over the whole picture again."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG_MARKER = re.compile(
    rb"\xff[\xc0-\xcf\xd8-\xfe]"
)  # neither a stuffed zero nor a restart, which belong to a scan
_JPEG_SCAN, _JPEG_END, _JPEG_EXIF = 0xDA, 0xD9, 0xE1
_JPEG_KEPT = frozenset(
    {*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDD, 0xE0, 0xEE}
)  # frames, tables, JFIF's and Adobe's colours
_TIFF = re.compile(rb"(?:Exif\0\0){0,2}(II\*\0|MM\0\*)")
_ORIENTATION = (0x0112, 3, 1)  # its tag, and that it is a short, one


@dataclass(frozen=True)
class StrippedImage:
    """`data` decodes to the pixels of the whole file; `orientation` is EXIF's, 1 to 8."""

    data: bytes
    orientation: int = 1


def strip_metadata(data: bytes) -> StrippedImage:
    """What the pixels of the first picture need, of a PNG, JPEG, WebP or GIF; anything else as it is.

    Raises:
        ImageUnreadable: more parts or scans than any camera or program writes.
    """
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return StrippedImage(data, _webp_orientation(data))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    return StrippedImage(data)


def _exif_orientation(block: bytes) -> int:
    """How the camera was held, 1 to 8, by the first directory of an EXIF block; 1 where it cannot be understood."""
    if (tiff := _TIFF.match(block)) is None:
        return 1
    order, start = ("<" if tiff[1].startswith(b"I") else ">"), tiff.start(1)
    try:
        directory = start + struct.unpack_from(f"{order}L", block, start + 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", block, directory)[0]):
            *about, value = struct.unpack_from(f"{order}HHLH", block, directory + 2 + 12 * entry)
            if tuple(about) == _ORIENTATION:
                return value if value in range(1, 9) else 1
    except struct.error:  # it points beyond its end
        pass
    return 1


def _png(data: bytes) -> StrippedImage:
    view, at, orientation = memoryview(data), len(_PNG), 1
    kept = [view[:at]]
    for _ in range(MAX_PARTS):
        kind = data[at + 4 : at + 8]
        if not kind:
            break
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind in _PNG_KEPT:
            kept.append(view[at:end])
        elif kind == b"eXIf":
            orientation = _exif_orientation(data[at + 8 : end - 4])
        if kind == b"IEND":
            break
        at = end
    else:
        raise _too_many("PNG", f"{MAX_PARTS:,} chunks")
    return StrippedImage(b"".join(kept), orientation)


def _jpeg(data: bytes) -> StrippedImage:
    """Up to the end of the first picture: phones append more, and films."""
    view, at, pixels, orientation, scans = memoryview(data), 2, len(data), 1, 0
    kept = [view[:at]]
    for _ in range(MAX_PARTS):
        found = _JPEG_MARKER.search(data, at)
        start = found.start() if found else len(data)
        marker = data[start + 1] if found else _JPEG_END
        if marker == _JPEG_END:
            break
        at = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        if marker == _JPEG_SCAN:
            pixels, scans = min(pixels, start), scans + 1
        if marker == _JPEG_EXIF and orientation == 1:
            orientation = _exif_orientation(data[start + 4 : at])
        if scans == 0 and marker in _JPEG_KEPT:
            kept.append(view[start:at])
        if scans > MAX_SCANS:
            raise _too_many("JPEG", f"{MAX_SCANS} scans")
    else:
        raise _too_many("JPEG", f"{MAX_PARTS:,} segments")
    return StrippedImage(b"".join([*kept, view[pixels : start + 2]]), orientation)


def _webp_orientation(data: bytes) -> int:
    at = 12
    for _ in range(MAX_PARTS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"EXIF":
            return _exif_orientation(data[at + 8 : at + 8 + size])
        if not kind:
            return 1
        at += 8 + size + size % 2
    raise _too_many("WebP", f"{MAX_PARTS:,} chunks")


def _gif(data: bytes) -> StrippedImage:
    """The colours, how the first frame is to be shown, and all from that frame on."""
    flags = data[10] if len(data) > 10 else 0
    head = at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    control, inside = b"", False
    for _ in range(MAX_PARTS):
        byte = data[at : at + 1]
        if inside:
            at += 1 + byte[0] if byte else 1
            inside = byte not in {b"\0", b""}
        elif byte == b"!":
            if data[at + 1 : at + 3] == b"\xf9\4":
                control = data[at : at + 7] + b"\0"
            at, inside = at + 2, True
        elif byte in {b",", b";", b""}:
            break
        else:
            at += 1
    else:
        raise _too_many("GIF", f"{MAX_PARTS:,} blocks before its first frame")
    return StrippedImage(data[:head] + control + data[at:])


def _too_many(kind: str, parts: str) -> ImageUnreadable:
    return ImageUnreadable(f"the {kind} file has more than {parts}, which no picture needs: save it anew")
