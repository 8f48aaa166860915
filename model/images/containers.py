"""Removes everything but the pixels from picture files, before Pillow decodes them.

Pillow parses metadata in Python and keeps all of it, and libjpeg decodes every scan over the whole picture.
Small files can therefore block a worker thread for seconds, within the limits for bytes and pixels. Measured
on one core:

    PNG of 16 MB in 1.3 million empty chunks                        5.3 s in Pillow, 12 ms here
    JPEG of 16 MB in 4 million empty comments                       4.4 s in Pillow, 15 ms here
    JPEG of .1 MB, 4000x4000, whose last scan comes 300 times       2.7 s in Pillow, refused here
    GIF of 16 MB in 3 million comments                              1.7 s in Pillow,  2 ms here

Pillow also trusts metadata: a PNG text chunk named `transparency` replaces the real transparency, and broken
EXIF data makes a picture unreadable. This module reads only the EXIF orientation and the colours. It
passes damaged files on to the decoder, which reports the damage. `tiff.py` and `iso_media.py` do the same for
the other formats.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from model.images.adobe_rgb import ADOBE_RGB
from model.images.cicp import Cicp
from model.images.colour import MAX_PROFILE
from model.images.errors import PictureUnreadable
from model.images.exif import exif_orientation, is_adobe_rgb
from model.images.formats import START, sniff
from model.images.iso_media import strip_iso_media
from model.images.tiff import strip_tiff

MAX_PARTS = 20_000
"""Maximum number of chunks, segments or blocks. A PNG of 16 MB has about 2,000. 20,000 take 50 ms."""
MAX_SCANS = 100
"""Maximum number of scans of a JPEG. Programs write about ten. Each scan covers the whole picture."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")  # stuffed zeros and restarts are part of a scan
_JPEG_SCAN, _JPEG_END, _JPEG_EXIF, _JPEG_PROFILE = 0xDA, 0xD9, 0xE1, 0xE2
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_JPEG_KEPT = frozenset({*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDD, 0xE0, 0xEE})
"""Markers of frames, tables, and the colour information of JFIF and Adobe."""
_PROFILE_PART = b"ICC_PROFILE\0"
"""Start of a JPEG segment with a part of a profile; then come the part's number and the number of parts."""


@dataclass(frozen=True)
class StrippedImage:
    """A file without metadata. `data` decodes to the same pixels.

    Args:
        orientation: EXIF's, 1 to 8.
        size: width and height of a WebP. Pillow allocates its pixels before it tells them.
        coefficients: whether libjpeg keeps all coefficients of a JPEG in memory, as for several scans.
        profile: the colour profile (ICC), or the code points of the colours. In a HEIF or AVIF, the decoder
            finds a profile, which goes first.
        buffer_bytes: bytes of the largest strip of a TIFF.
    """

    data: bytes
    orientation: int = 1
    size: tuple[int, int] | None = None
    coefficients: bool = False
    profile: bytes | Cicp | None = None
    buffer_bytes: int = 0


def strip_metadata(data: bytes) -> StrippedImage:
    """Remove the parts that the pixels of the first picture do not need.

    BMP and unknown files stay as they are. WebP needs no change: its decoder skips 2 million unknown chunks
    in 20 ms.

    Raises:
        PictureUnreadable: the file has more than `MAX_PARTS` parts or `MAX_SCANS` scans, or see `strip_tiff`
            and `strip_iso_media`.
        PictureFormatUnsupported: see `strip_tiff`.
    """
    match sniff(data[:START]):
        case "PNG":
            return _png(data)
        case "JPEG":
            return _jpeg(data)
        case "WEBP":
            orientation, profile = _webp_metadata(data)
            return StrippedImage(data, orientation, _webp_size(data), profile=profile)
        case "GIF":
            return _gif(data)
        case "TIFF":
            tiff = strip_tiff(data)
            return StrippedImage(
                tiff.data, tiff.orientation, profile=tiff.profile, buffer_bytes=tiff.buffer_bytes
            )
        case "HEIF" | "AVIF" as kind:
            media = strip_iso_media(data, kind)
            return StrippedImage(media.data, profile=media.colours)
    return StrippedImage(data)


def _png(data: bytes) -> StrippedImage:
    view, at, orientation, profile = memoryview(data), len(_PNG), 1, None
    colours: Cicp | None = None
    parts = [view[:at]]
    for _ in range(MAX_PARTS):
        kind = data[at + 4 : at + 8]
        if not kind:
            break
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind in _PNG_KEPT:
            parts.append(view[at:end])
        elif kind == b"eXIf":
            orientation = exif_orientation(data[at + 8 : end - 4])
        elif kind == b"iCCP" and profile is None:
            profile = _inflated_profile(data[at + 8 : end - 4])
        elif kind == b"cICP" and end == at + 16:
            colours = Cicp(data[at + 8], data[at + 9])
        if kind == b"IEND":
            break
        at = end
    else:
        raise _too_many("PNG", f"{MAX_PARTS:,} chunks")
    return StrippedImage(b"".join(parts), orientation, profile=colours or profile)


def _inflated_profile(chunk: bytes) -> bytes | None:
    """Return the profile of a PNG's chunk: its name, a zero, the method, and the compressed profile."""
    compressed = chunk.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(compressed, MAX_PROFILE + 1)
    except zlib.error:
        return None


def _jpeg(data: bytes) -> StrippedImage:
    """Cut after the first picture: phones append further pictures and videos."""
    view, at, first_scan, orientation, scans = memoryview(data), 2, len(data), 1, 0
    components, progressive, interleaved = 0, False, True
    parts = [view[:at]]
    profile: dict[int, bytes] = {}
    adobe_rgb = False
    for _ in range(MAX_PARTS):
        match = _JPEG_MARKER.search(data, at)
        start = match.start() if match else len(data)
        marker = data[start + 1] if match else _JPEG_END
        if marker == _JPEG_END:
            break
        at = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        if marker in _JPEG_FRAMES:
            components, progressive = _byte(data, start + 9), marker in _JPEG_PROGRESSIVE
        if marker == _JPEG_SCAN:
            first_scan, scans = min(first_scan, start), scans + 1
            interleaved = interleaved and _byte(data, start + 4) == components
        if marker == _JPEG_EXIF:
            block = data[start + 4 : at]
            orientation = exif_orientation(block) if orientation == 1 else orientation
            adobe_rgb = adobe_rgb or is_adobe_rgb(block)
        if marker == _JPEG_PROFILE and data.startswith(_PROFILE_PART, start + 4):
            profile.setdefault(_byte(data, start + 16), data[start + 18 : at])
        if scans == 0 and marker in _JPEG_KEPT:
            parts.append(view[start:at])
        if scans > MAX_SCANS:
            raise _too_many("JPEG", f"{MAX_SCANS} scans")
    else:
        raise _too_many("JPEG", f"{MAX_PARTS:,} segments")
    return StrippedImage(
        b"".join([*parts, view[first_scan : start + 2]]),
        orientation,
        coefficients=progressive or not interleaved,
        profile=b"".join(profile[number] for number in sorted(profile)) or (ADOBE_RGB if adobe_rgb else None),
    )


def _byte(data: bytes, at: int) -> int:
    return data[at] if at < len(data) else 0


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height of a WebP's canvas (RFC 9649), or None if its header is damaged."""
    kind, start = data[12:16], data[20:30]
    if kind == b"VP8X" and len(start) == 10:
        return 1 + int.from_bytes(start[4:7], "little"), 1 + int.from_bytes(start[7:10], "little")
    if kind == b"VP8L" and start[:1] == b"/" and len(start) >= 5:
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and start[3:6] == b"\x9d\x01\x2a" and len(start) == 10:
        width, height = struct.unpack("<HH", start[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _webp_metadata(data: bytes) -> tuple[int, bytes | None]:
    """Return the orientation and the profile of a WebP."""
    at, orientation, profile = 12, 1, None
    for _ in range(MAX_PARTS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"EXIF" and orientation == 1:
            orientation = exif_orientation(data[at + 8 : at + 8 + size])
        elif kind == b"ICCP" and profile is None:
            profile = data[at + 8 : at + 8 + min(size, MAX_PROFILE + 1)]
        elif not kind:
            return orientation, profile
        at += 8 + size + size % 2
    raise _too_many("WebP", f"{MAX_PARTS:,} chunks")


def _gif(data: bytes) -> StrippedImage:
    """Keep the header, the colours, the first frame's control block, and everything from that frame on."""
    flags = data[10] if len(data) > 10 else 0
    header_end = at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    control, in_extension = b"", False
    for _ in range(MAX_PARTS):
        byte = data[at : at + 1]
        if in_extension:
            at += 1 + byte[0] if byte else 1
            in_extension = byte not in {b"\0", b""}
        elif byte == b"!":
            if data[at + 1 : at + 3] == b"\xf9\4":
                control = data[at : at + 7] + b"\0"
            at, in_extension = at + 2, True
        elif byte in {b",", b";", b""}:
            break
        else:
            at += 1
    else:
        raise _too_many("GIF", f"{MAX_PARTS:,} blocks before its first frame")
    return StrippedImage(data[:header_end] + control + data[at:])


def _too_many(kind: str, limit: str) -> PictureUnreadable:
    return PictureUnreadable(
        f"the {kind} file has more than {limit}; save the picture again with an image program"
    )
