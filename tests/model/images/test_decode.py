"""Decoded files equal Pillow's own results. Files that claim too much are refused."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from model.images.decode import MAX_SIDE, decode
from model.images.errors import PictureError, PictureFormatUnsupported, PictureTooLarge, PictureUnreadable

MAX_PIXELS = 40_000_000
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def decoded(data: bytes) -> Image.Image:
    return decode(data, max_pixels=MAX_PIXELS).picture


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, at one bit a pixel, with hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def rle_bmp(kind: int, bits: int) -> bytes:
    """A BMP of two pixels, run-length compressed."""
    colours = bytes(4 << bits)
    body = b"\2\1\0\1"
    return (
        b"BM"
        + struct.pack(
            "<IHHIIiiHHIIiiII",
            0,
            0,
            0,
            54 + len(colours),
            40,
            2,
            1,
            1,
            bits,
            kind,
            len(body),
            0,
            0,
            1 << bits,
            0,
        )
        + colours
        + body
    )


# limits


@pytest.mark.parametrize("size", [(1, 39_999_999), (39_999_999, 1), (MAX_SIDE + 1, 1), (30_000, 30_000)])
def test_too_many_pixels_are_refused_by_the_header(size):
    with pytest.raises(PictureTooLarge, match="at most"):
        decoded(claiming(*size))


@pytest.mark.parametrize("size", [(1, MAX_SIDE), (MAX_SIDE, 1)])
def test_the_longest_side_is_accepted(size):
    assert decoded(saved(Image.new("1", size), "PNG")).size == size


@pytest.mark.parametrize(("kind", "bits"), [(1, 8), (2, 4)])
def test_run_length_compressed_bmps_are_refused(kind, bits):
    with pytest.raises(PictureFormatUnsupported, match="run-length"):
        decoded(rle_bmp(kind, bits))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_limit_above_pillows_own_is_used(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # restored after the test
    with pytest.raises(PictureUnreadable, match="truncated"):  # the size is accepted, then the data ends
        decode(claiming(15_000, 15_000), max_pixels=250_000_000)
    with pytest.raises(PictureTooLarge, match="at most 250,000,000"):
        decode(claiming(15_900, 15_900), max_pixels=250_000_000)


PEAK = """
import sys
from model.images.decode import decode
from service.images.encode import thumbnail
def memory(which):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(which))
data = sys.stdin.buffer.read()
before = memory("VmRSS")
thumbnail(decode(data, max_pixels=40_000_000).picture)
print((memory("VmHWM") - before) / (4 * 2500 * 2500))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from Linux's /proc")
@pytest.mark.parametrize(("mode", "copies"), [("RGB", 1.5), ("RGBA", 2.5), ("LA", 2.5), ("I;16", 2.5)])
def test_a_large_picture_is_copied_few_times(mode, copies):
    data = saved(Image.new(mode, (2500, 2500)), "PNG", compress_level=1)
    ran = subprocess.run([sys.executable, "-c", PEAK], input=data, capture_output=True, check=True)
    assert float(ran.stdout) < copies


# pictures


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "CMYK"])
def test_opaque_pictures_equal_pillows(mode):
    image = NOISE.convert(mode)
    data = saved(image, "JPEG" if mode == "CMYK" else "PNG")
    expected = Image.open(BytesIO(data)).convert("RGB")
    assert np.array_equal(pixels(decoded(data)), pixels(expected))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white(mode, kind):
    image = NOISE.convert(mode)
    image.putalpha(Image.linear_gradient("L").resize(NOISE.size))
    data = saved(image, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    expected = Image.alpha_composite(Image.new("RGBA", NOISE.size, "white"), image.convert("RGBA")).convert(
        "RGB"
    )
    assert np.abs(pixels(decoded(data)) - pixels(expected)).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "I;16"])
def test_a_transparent_colour_becomes_white(mode):
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4)
    image = (
        Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    )
    clear = {"RGB": (20, 20, 20), "L": 20, "P": 20, "1": 0, "I;16": 20 * 257}[mode]
    whole = pixels(decoded(saved(image, "PNG")))
    shown = pixels(decoded(saved(image, "PNG", transparency=clear)))
    transparent = (whole == (0 if mode == "1" else 20)).all(-1)
    assert transparent.any()
    assert (shown[transparent] == 255).all()
    assert np.array_equal(shown[~transparent], whole[~transparent])


def test_sixteen_bits_are_rounded_to_eight():
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    image = decoded(saved(Image.fromarray(every), "PNG"))
    assert np.array_equal(pixels(image)[..., 1], (every / 257).round())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(NOISE, kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    assert np.array_equal(pixels(decoded(data)), pixels(expected))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_is_ignored(kind):
    sideways = b"\x01\x12\0\3\0\0\0\1\0\6\0\0"
    bits_in_words = b"\x01\x02\0\2\0\0\0\2a\0\0\0"  # Pillow reads this, but cannot write it
    wordy = b"Exif\0\0MM\0*\0\0\0\x08\0\2" + bits_in_words + sideways + b"\0" * 4
    junk = b"Exif\0\0" + b"\x9a" * 100
    for exif, size in ((wordy, (30, 40)), (junk, (40, 30))):
        assert decoded(saved(NOISE, kind, exif=exif)).size == size


def test_a_file_of_several_jpegs_is_its_first():
    data = saved(NOISE, "MPO", save_all=True, append_images=[NOISE.rotate(180)])
    image = decode(data, max_pixels=MAX_PIXELS)
    assert image.header.content_type == "image/jpeg"
    assert np.array_equal(pixels(image.picture), pixels(Image.open(BytesIO(data))))


SEEDS = [
    saved(NOISE, "PNG", icc_profile=b"a profile"),
    saved(NOISE.quantize(16), "PNG", transparency=3),
    saved(NOISE, "PNG", save_all=True, append_images=[NOISE.rotate(180)]),
    saved(NOISE, "JPEG", exif=Image.Exif()),
    saved(NOISE, "JPEG", progressive=True),
    saved(NOISE, "MPO", save_all=True, append_images=[NOISE]),
    saved(NOISE, "WEBP", save_all=True, append_images=[NOISE.rotate(180)]),
    saved(NOISE, "GIF", comment=b"a comment"),
    saved(NOISE, "BMP"),
]


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 400), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=6
    ),
)
def test_a_damaged_file_is_decoded_or_refused(data, damage):
    for at, inserted, removed in damage:
        data = data[:at] + inserted + data[at + removed :]
    try:
        image = decode(data, max_pixels=100_000)
    except PictureError:
        return
    assert sorted(image.picture.size) == sorted((image.header.width, image.header.height))
    assert image.picture.mode == "RGB"
