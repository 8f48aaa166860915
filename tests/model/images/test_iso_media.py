"""Metadata of HEIF and AVIF files is hidden from the decoders, and pictures of too many tiles are refused."""

import struct
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from picture_files import NOISE, pixels, saved
from PIL import Image, ImageOps

from model.images.decode import decode
from model.images.errors import PictureUnreadable
from model.images.iso_boxes import MAX_BOXES
from model.images.iso_media import MAX_TILES, strip_iso_media


def exif(orientation: int) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = "a description"
    return data.tobytes()


def box(kind: bytes, *contents: bytes) -> bytes:
    data = b"".join(contents)
    return struct.pack(">L4s", 8 + len(data), kind) + data


def grid_of(references: dict[int, list[int]]) -> bytes:
    """A file whose items are made of others."""
    derived = [
        box(b"dimg", struct.pack(f">HH{len(parts)}H", item, len(parts), *parts))
        for item, parts in references.items()
    ]
    return box(b"ftyp", b"heic\0\0\0\0") + box(b"meta", bytes(4), box(b"iref", bytes(4), *derived))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_metadata_is_hidden(kind):
    data = saved(NOISE, kind, exif=exif(1), xmp=b"<x:xmpmeta/>")
    stripped = strip_iso_media(data, kind).data
    assert b"infe" in data and len(stripped) == len(data)
    opened = pillow_heif.HeifImageFile(BytesIO(stripped)) if kind == "HEIF" else Image.open(BytesIO(stripped))
    assert not opened.info.get("exif") and not opened.info.get("xmp")
    original = decode(data, max_pixels=10**6).picture
    assert np.array_equal(pixels(original), pixels(opened.convert("RGB")))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_once(kind, orientation):
    if kind == "AVIF":
        data = saved(NOISE, kind, exif=exif(orientation))
    else:
        out = BytesIO()
        file = pillow_heif.from_pillow(NOISE)
        file[0].info["exif"] = exif(orientation)
        file.save(out)  # writes the rotation, and EXIF with it
        data = out.getvalue()
    image = decode(data, max_pixels=10**6)
    turned = NOISE.copy()
    turned.getexif()[0x0112] = orientation
    expected = ImageOps.exif_transpose(turned)
    assert image.header.size == image.picture.size == expected.size
    assert np.median(np.abs(pixels(image.picture) - pixels(expected))) <= 12


def test_a_file_of_too_many_boxes_is_refused():
    with pytest.raises(PictureUnreadable, match="more than 20,000 boxes"):
        strip_iso_media(box(b"free") * (MAX_BOXES + 1), "HEIF")


@pytest.mark.parametrize(
    "references",
    [
        {1: [2] * (MAX_TILES + 1)},
        {1: [2] * 50, 2: [3] * 50},
        {1: [2], 2: [1]},
        {1: [2] * 60_000, 2: []},
    ],
)
def test_pictures_of_too_many_tiles_are_refused(references):
    with pytest.raises(PictureUnreadable, match="more than 2,000 tiles"):
        strip_iso_media(grid_of(references), "HEIF")


def test_phones_pictures_are_below_the_limits():
    nested = {1: [2, 3], 2: list(range(10, 800)), 3: [5] * 48, **{item: [] for item in range(4_000, 4_100)}}
    data = grid_of(nested)
    assert strip_iso_media(data, "HEIF").data == data


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_damaged_boxes_stay_as_they_are(length):
    data = grid_of({1: [2, 3]})[:length]
    assert strip_iso_media(data, "HEIF").data == data
