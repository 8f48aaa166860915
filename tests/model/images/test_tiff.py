"""TIFF files of many kinds decode to Pillow's own result. Hostile ones cost nothing."""

import struct
from io import BytesIO

import numpy as np
import pytest
from picture_files import NOISE, pixels, saved
from PIL import Image, ImageOps

from model.images.decode import decode
from model.images.errors import PictureError, PictureFormatUnsupported, PictureUnreadable
from model.images.tiff import MAX_STRIPS, strip_tiff

SHORT, LONG = 3, 4


def tiff(tags: dict[int, tuple[int, list[int]]], body: bytes = b"", order: str = "<") -> bytes:
    """A TIFF with these tags: type and values of each. Lists of values follow the body."""
    letters = {SHORT: "H", LONG: "L"}
    directory_at = 8 + len(body) + len(body) % 2
    values_at = directory_at + 2 + 12 * len(tags) + 4
    entries, tail = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{letters[kind]}", *values)
        if len(data) > 4:
            place, tail = values_at + len(tail), tail + data
            data = struct.pack(f"{order}L", place)
        entries += struct.pack(f"{order}HHL", tag, kind, len(values)) + data.ljust(4, b"\0")
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}L", directory_at)
    return (
        start
        + body.ljust(directory_at - 8, b"\0")
        + struct.pack(f"{order}H", len(tags))
        + entries
        + bytes(4)
        + tail
    )


def basic(width: int, height: int, bits: int = 8, **tags: tuple[int, list[int]]) -> dict:
    return {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits]),
        259: (SHORT, [1]),
        262: (SHORT, [1]),
        273: (LONG, [8]),
        277: (SHORT, [1]),
        278: (LONG, [height]),
        279: (LONG, [width * height * bits // 8]),
    }


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_kinds_of_tiff_equal_pillows(mode, compression):
    if compression == "jpeg" and mode not in {"L", "RGB"}:
        pytest.skip("JPEG has other modes")
    image = (
        Image.fromarray(np.arange(128 * 96, dtype=np.uint16).reshape(96, 128) * 5)
        if mode == "I;16"
        else NOISE
    )
    data = saved(image if mode == "I;16" else image.convert(mode), "TIFF", compression=compression)
    expected = Image.open(BytesIO(data))
    if mode == "I;16":
        expected = Image.fromarray((np.asarray(expected) / 257).round().astype(np.uint8))
    assert np.array_equal(pixels(decode(data, max_pixels=10**6).picture), pixels(expected.convert("RGB")))


@pytest.mark.parametrize("order", ["<", ">"])
def test_deep_pictures_of_both_byte_orders_are_scaled(order):
    deep = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    data = tiff(basic(16, 16, 16), deep.astype(f"{order}u2").tobytes(), order)
    assert np.array_equal(pixels(decode(data, max_pixels=256).picture)[..., 0], deep // 257)


def test_lab_is_converted():
    red = np.array([[[136, 208, 195]]], np.uint8)  # the red of sRGB: L 53, a 80, b 67
    image = Image.merge("LAB", [Image.fromarray(red[..., band]) for band in range(3)]).resize((8, 8))
    colour = pixels(decode(saved(image, "TIFF"), max_pixels=64).picture)[4, 4]
    assert np.abs(colour - [255, 0, 0]).max() <= 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_once(orientation):
    data = saved(NOISE, "TIFF", tiffinfo={274: orientation})
    image = decode(data, max_pixels=10**6)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert image.header.size == image.picture.size == expected.size
    assert np.array_equal(pixels(image.picture), pixels(expected))


def test_only_tags_of_pixels_are_kept():
    data = saved(NOISE, "TIFF", tiffinfo={270: "a description", 700: b"metadata"}, icc_profile=b"a profile")
    stripped = strip_tiff(data)
    assert stripped.profile == b"a profile"
    opened = Image.open(BytesIO(stripped.data))
    assert {270, 700, 34_675}.isdisjoint(opened.tag_v2)
    assert np.array_equal(pixels(opened), pixels(NOISE))


def test_tags_that_share_bytes_cost_nothing():
    """29,000 tags of 16 MB each are 464 GB."""
    body = bytes(16_000_000)
    tags = {**basic(16, 16), **{tag: (LONG, [0]) for tag in range(1_000, 30_000)}}
    data = bytearray(tiff(tags, body))
    at = struct.unpack_from("<L", data, 4)[0] + 2
    for entry in range(len(tags)):
        if struct.unpack_from("<H", data, at + 12 * entry)[0] >= 1_000:
            struct.pack_into("<LL", data, at + 12 * entry + 4, 4_000_000, 8)
    assert decode(bytes(data), max_pixels=256).picture.size == (16, 16)
    assert len(Image.open(BytesIO(strip_tiff(bytes(data)).data)).tag_v2) == len(basic(16, 16))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({273: (LONG, [8] * (MAX_STRIPS + 1))}, "strips"),
        ({320: (SHORT, [0] * 250_000)}, "too long"),
        ({322: (LONG, [60_000]), 323: (LONG, [60_000])}, "tiles that are larger"),
        ({277: (SHORT, [200])}, "channels"),
    ],
)
def test_pictures_that_claim_too_much_are_refused(changes, message):
    with pytest.raises(PictureUnreadable, match=message):
        decode(tiff({**basic(16, 16), **changes}, bytes(256)), max_pixels=256)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({330: (LONG, [8]), 254: (LONG, [1])}, "raw file"),
        ({50_706: (LONG, [1])}, "raw file"),
        ({259: (SHORT, [6])}, "compression 6"),
        ({259: (SHORT, [34_712])}, "compression 34712"),
        ({258: (SHORT, [32])}, "8 or 16 bits"),
        ({339: (SHORT, [3])}, "8 or 16 bits"),
        ({258: (SHORT, [16]), 262: (SHORT, [0])}, "zero is white"),
    ],
)
def test_kinds_that_are_not_accepted_are_named(changes, message):
    with pytest.raises(PictureFormatUnsupported, match=message):
        decode(tiff({**basic(16, 16), **changes}, bytes(1_024)), max_pixels=256)


@pytest.mark.filterwarnings("ignore:.*(Tag data|Metadata Warning|Truncated|orrupt):UserWarning")
@pytest.mark.parametrize("seed", range(150))
def test_damaged_files_are_decoded_or_refused(seed):
    rng = np.random.default_rng(seed)
    kind = ["raw", "tiff_lzw", "jpeg", "tiff_adobe_deflate"][seed % 4]
    data = bytearray(saved(NOISE, "TIFF", compression=kind))
    directory = struct.unpack_from("<L", data, 4)[0]
    for _ in range(3):
        data[int(rng.integers(directory, min(len(data), directory + 200)))] = int(rng.integers(256))
    try:
        image = decode(bytes(data), max_pixels=100_000)
    except PictureError:
        return
    assert image.picture.size == image.header.size
