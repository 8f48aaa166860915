"""Files are opened by their first bytes, with the plugins of the accepted formats only."""

from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from picture_files import NOISE, pixels, saved
from PIL import Image, PpmImagePlugin

from model.images.decode import decode
from model.images.errors import PictureError, PictureFormatUnsupported, PictureUnreadable
from model.images.opening import open_picture

LOSSY = {"JPEG", "HEIF", "AVIF", "WEBP", "GIF"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
def test_each_format_is_decoded(kind):
    image = decode(saved(NOISE, kind), max_pixels=NOISE.width * NOISE.height)
    assert image.header.format == kind
    assert image.header.size == image.picture.size == NOISE.size
    difference = np.abs(pixels(image.picture) - pixels(NOISE))
    assert np.median(difference) <= (12 if kind in LOSSY else 0)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF"])
def test_transparency_becomes_white(kind):
    clear = NOISE.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 64, 96))
    shown = pixels(decode(saved(clear, kind), max_pixels=10**6).picture)
    assert shown[8:88, 8:56].min() >= 250
    assert np.median(np.abs(shown[:, 72:] - pixels(NOISE)[:, 72:])) <= 12


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "MPO"])
def test_the_first_picture_of_a_file_is_decoded(kind):
    other = Image.new("RGB", NOISE.size, "black")
    if kind == "HEIF":
        file, out = pillow_heif.from_pillow(NOISE), BytesIO()
        file.add_from_pillow(other)
        file.save(out)
        data = out.getvalue()
    else:
        data = saved(NOISE, kind, save_all=True, append_images=[other, other])
    image = decode(data, max_pixels=10**6).picture
    assert np.median(np.abs(pixels(image) - pixels(NOISE))) <= 12


def test_no_other_plugin_is_tried():
    data = saved(NOISE, "PPM")
    assert PpmImagePlugin.PpmImageFile(BytesIO(data)).size == NOISE.size
    with pytest.raises(PictureUnreadable, match=r"not an image; .*HEIC"):
        open_picture(data, 10**6)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF"])
def test_truncated_files_are_refused(kind):
    data = saved(NOISE, kind)
    for length in (0, 16, 40, 100, len(data) // 2, len(data) - 200):
        with pytest.raises(PictureUnreadable):
            decode(data[:length], max_pixels=10**6)


def test_an_unsupported_format_is_named():
    with pytest.raises(PictureFormatUnsupported, match="this is PDF"):
        open_picture(b"%PDF-1.7 ...", 10**6)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("seed", range(150))
def test_damaged_files_are_decoded_or_refused(kind, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(saved(NOISE.crop((0, 0, 64, 64)), kind))
    for _ in range(3):
        data[int(rng.integers(min(500, len(data))))] = int(rng.integers(256))
    try:
        image = decode(bytes(data), max_pixels=100_000)
    except PictureError:
        return
    assert image.picture.size == image.header.size


def test_errors_of_a_plugin_mean_that_the_file_is_damaged():
    data = bytearray(saved(NOISE, "AVIF"))
    at = data.index(b"iloc")  # where the pictures are
    data[at : at + 4] = b"free"
    with pytest.raises(PictureUnreadable, match="header of the AVIF file is damaged"):
        open_picture(bytes(data), 10**6)
