"""Tracings follow the outlines of what a photo shows, and are drawings as the others are."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from model import tracing
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


def squares(darkest: int) -> Image.Image:
    """Eight rows of eight, the last row that much darker than the paper, those above it less."""
    crowded = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(crowded)
    for row in range(8):
        shade = 255 - darkest + (darkest - 200) * (7 - row) // 2
        for column in range(8):
            pen.rectangle((8 + 31 * column, 8 + 31 * row, 28 + 31 * column, 28 + 31 * row), fill=(shade, shade, shade))
    return crowded


def test_of_a_crowded_photo_some_lines_are_drawn_and_no_more():
    assert np.count_nonzero(np.asarray(traced(squares(200))) < 128) < 3 * 1.3 * (LONGEST + 84)  # of 5,000, in strokes of 3 pixels


def test_the_strongest_lines_are_drawn():
    fading = squares(255)
    assert fading.getpixel((15, 15)) != fading.getpixel((15, 230))
    drawn = np.asarray(traced(fading)) < 128
    assert drawn[CANVAS // 2 :].sum() > 2 * drawn[: CANVAS // 4].sum()


def test_short_edges_are_no_lines(monkeypatch):
    monkeypatch.setattr(tracing, "SHORTEST", 5_000)
    with pytest.raises(NoDrawing):
        traced(photo())


def test_an_edge_may_be_in_one_colour_alone():
    pixels = np.full((200, 200, 3), 120, np.uint8)
    pixels[60:140, 60:140, 2] = 220
    assert np.count_nonzero(np.asarray(traced(Image.fromarray(pixels))) < 128) > 4 * 150


def test_a_frame_is_no_line():
    framed = photo(256)
    ImageDraw.Draw(framed).rectangle((0, 0, 255, 255), outline="white", width=2)
    rows, columns = np.nonzero(np.asarray(traced(framed)) < 128)
    assert np.hypot(rows - CANVAS / 2, columns - CANVAS / 2).max() < CANVAS / 2  # the disc alone, which fills the canvas


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_a_plain_photo_has_no_outlines(shade):
    with pytest.raises(NoDrawing):
        traced(Image.new("RGB", (64, 48), (shade, shade, shade)))
