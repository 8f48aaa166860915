"""Image files that are unusual, or that attack a decoder."""

import struct
import zlib
from io import BytesIO

from PIL import Image


def open_image(data: bytes) -> Image.Image:
    """Open an image file."""
    return Image.open(BytesIO(data))


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG whose header claims a huge picture of one bit a pixel. It has hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


def run_length_bmp() -> bytes:
    """Return a run-length encoded BMP of 36 million pixels. Pillow decodes such files slowly."""
    header = struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 1078, 40, 6000, 6000, 1, 8, 1, 4, 0, 0, 256, 0)
    return b"BM" + header + bytes(1024) + b"\1\7\0\1"


def huge_gif() -> bytes:
    """Return a GIF whose header claims a huge picture."""
    data = bytearray(animated_gif())
    data[6:10] = struct.pack("<HH", 60_000, 60_000)
    return bytes(data)


def animated_gif(frames: int = 5) -> bytes:
    """Return a GIF with several frames."""
    out = BytesIO()
    pictures = [Image.new("P", (8, 8), shade) for shade in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()
