"""The picture formats that are accepted, and how a file's first bytes tell them apart."""

from pathlib import Path
from typing import Literal, TypeAlias

from model.regular_file import open_regular

Format: TypeAlias = Literal["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"]

ACCEPTED_WORDS = (
    "PNG, JPEG, WebP, HEIC (HEIF), AVIF, TIFF, BMP and GIF are accepted (the first picture of a file)"
)
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".webp", ".gif", ".bmp", ".dib"}
    | {".tif", ".tiff", ".heic", ".heif", ".hif", ".heics", ".heifs", ".avif", ".avifs"}
)
"""Suffixes of files that should be pictures. Files with others are pictures if their first bytes say so."""
MAX_PIXELS = 65_000_000
"""Largest number of pixels of a picture, unless a setting says otherwise: phones have up to 64 million."""
START = 64
"""The number of bytes that `sniff` needs."""

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
_HEIF_BRANDS = frozenset(b"heic heix hevc hevx heim heis hevm hevs".split())
_AVIF_BRANDS = frozenset(b"avif avis".split())
_ANY_CODEC = frozenset(b"mif1 mif2 mif3 msf1 miaf".split())
"""Brands of ISO media files that hold pictures of any codec."""
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_UNSUPPORTED = {
    b"<svg": "SVG",
    b"<?xml": "XML or SVG",
    b"II\x2b\0": "BigTIFF",
    b"MM\0\x2b": "BigTIFF",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"IIRO": "a camera's raw file",
    b"IIU\0": "a camera's raw file",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\1\0": "an icon file (ICO)",
}


def sniff(start: bytes) -> Format | None:
    """Return the accepted format of a file that starts with these bytes, or None."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if start[4:8] == b"ftyp":
        return _iso_media_format(start)
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)


def unsupported_kind(data: bytes) -> str | None:
    """Return the name of a format that is not accepted, or None if the format is unknown."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        return "a camera's raw file" if data[8:12] == b"crx " else "a video"
    return next((kind for magic, kind in _UNSUPPORTED.items() if start.startswith(magic)), None)


def is_picture(path: Path) -> bool:
    """Return whether a file should be a picture, by its suffix or else by its first bytes.

    A file that cannot be opened is none, unless its suffix says so.
    """
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with open_regular(path) as file:
            return sniff(file.read(START)) is not None
    except OSError:
        return False


def _iso_media_format(start: bytes) -> Format | None:
    """Return HEIF or AVIF, by the main brand, or by the compatible ones if that tells no codec."""
    length = min(int.from_bytes(start[:4], "big"), len(start))
    compatible = [start[at : at + 4] for at in range(16, length - 3, 4)]
    for brand in (start[8:12], *(compatible if start[8:12] in _ANY_CODEC else ())):
        if brand in _AVIF_BRANDS:
            return "AVIF"
        if brand in _HEIF_BRANDS:
            return "HEIF"
    return "HEIF" if start[8:12] in _ANY_CODEC else None
