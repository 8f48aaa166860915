"""Tracings follow the outlines of what a photo shows, and are drawings as the others are."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from model.drawings import CANVAS, MARGIN, NoDrawing
from model.tracing import LONGEST, traced


def photo(size: int = 200) -> Image.Image:
    """A red disc before uneven green, with noise and a soft shadow."""
    y, x = np.mgrid[0:size, 0:size] / size
    ground = np.stack([0.2 + 0.1 * x, 0.5 + 0.2 * y, 0.3 + 0.1 * np.exp(-((x - 0.8) ** 2) * 30)], -1)
    disc = np.hypot(x - 0.5, y - 0.5) < 0.3
    pixels = np.where(disc[..., None], (0.8, 0.2, 0.2), ground) + np.random.default_rng(0).normal(0, 0.02, (size, size, 3))
    return Image.fromarray((255 * pixels.clip(0, 1)).astype(np.uint8))


def test_the_outline_is_traced_and_centred():
    drawn = np.asarray(traced(photo())) < 128
    rows, columns = np.nonzero(drawn)
    away = np.hypot(rows - CANVAS / 2, columns - CANVAS / 2)
    assert np.median(away) == pytest.approx(CANVAS * (0.5 - MARGIN), abs=4)
    around = np.unique((np.arctan2(rows - CANVAS / 2, columns - CANVAS / 2)[away > 100] * 10).round())
    assert len(around) > 55  # of 63: hardly a gap


def test_it_is_a_drawing_in_strokes_of_one_width():
    drawing = traced(photo())
    assert (drawing.size, drawing.mode) == ((CANVAS, CANVAS), "L")
    assert ndimage.distance_transform_edt(np.asarray(drawing) < 128).max() < 4


def test_of_a_crowded_photo_the_strongest_lines_are_drawn_and_no_more():
    crowded = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(crowded)
    for row in range(8):
        for column in range(8):
            shade = 255 - 28 * row  # the lower, the darker
            pen.rectangle((8 + 31 * column, 8 + 31 * row, 28 + 31 * column, 28 + 31 * row), fill=(shade, shade, shade))
    drawn = np.asarray(traced(crowded)) < 128
    assert np.count_nonzero(drawn) < 3 * 2 * LONGEST
    assert drawn[CANVAS // 2 :].sum() > 5 * drawn[: CANVAS // 4].sum()


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_a_plain_photo_has_no_outlines(shade):
    with pytest.raises(NoDrawing):
        traced(Image.new("RGB", (64, 48), (shade, shade, shade)))
