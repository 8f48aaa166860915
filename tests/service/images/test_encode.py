"""Thumbnails, and the formats of answers."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from service.images.encode import encode, thumbnail

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_an_encoded_picture_has_its_format_and_its_pixels(kind):
    opened = Image.open(BytesIO(encode(NOISE, kind)))
    assert opened.format == kind.upper()
    if kind == "jpeg":
        assert opened.size == NOISE.size
    else:
        assert np.array_equal(pixels(opened), pixels(NOISE))


@pytest.mark.parametrize("size", [(1000, 500), (500, 1000), (40, 30), (384, 384), (3000, 1)])
def test_a_thumbnail_equals_pillows_and_leaves_the_picture_unchanged(size):
    image = NOISE.resize(size)
    expected = image.copy()
    expected.thumbnail((384, 384))
    small = Image.open(BytesIO(thumbnail(image)))
    assert image.size == size
    assert small.size == expected.size
    assert np.array_equal(
        pixels(small), pixels(Image.open(BytesIO(saved(expected, "WEBP", quality=75, method=2))))
    )
