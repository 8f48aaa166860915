"""Filled areas become outlines; lines of any pen stay lines."""

import numpy as np
import pytest
from drawn import distance, house
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from model.sketch.drawings.fills import outlined
from model.sketch.drawings.normalise import normalise


def shape(draw_shape, fill: bool) -> Image.Image:
    picture = Image.new("RGB", (256, 256), "white")
    draw_shape(ImageDraw.Draw(picture), "black" if fill else None)
    return picture


SHAPES = {
    "disc": lambda pen, fill: pen.ellipse((60, 60, 190, 190), fill, "black", 3),
    "square": lambda pen, fill: pen.rectangle((60, 60, 190, 190), fill, "black", 3),
    "triangle": lambda pen, fill: pen.polygon([(128, 30), (220, 220), (30, 220)], fill, "black", 3),
    "bar": lambda pen, fill: pen.rectangle((30, 100, 226, 150), fill, "black", 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_filled_shape_becomes_its_outline(name):
    filled, empty = (normalise(shape(SHAPES[name], fill)) for fill in (True, False))
    assert distance(filled, empty) < 2


def test_a_filled_shape_with_lines_keeps_the_lines():
    picture = shape(SHAPES["disc"], True)
    ImageDraw.Draw(picture).line((10, 10, 80, 90), "black", 4)
    drawn = np.asarray(normalise(picture)) < 128
    assert ndimage.label(drawn, np.ones((3, 3)))[1] == 1
    outline = shape(SHAPES["disc"], False)
    ImageDraw.Draw(outline).line((10, 10, 80, 90), "black", 4)
    assert distance(normalise(picture), normalise(outline)) < 3


@pytest.mark.parametrize("width", [3, 7, 11, 15])
def test_the_lines_of_a_thick_pen_stay_lines(width):
    thick = house().filter(ImageFilter.MinFilter(width))
    assert distance(normalise(thick), normalise(house())) < 7


def test_lines_of_a_few_pixels_stay_lines_when_they_are_enlarged():
    tiny = house().convert("L").resize((28, 28), Image.Resampling.BOX)
    assert distance(normalise(tiny), normalise(house())) < 8


def test_a_blot_of_an_enlarged_drawing_is_no_filled_area():
    blot = np.hypot(*(np.mgrid[:256, :256] - 128)) < 14
    assert np.count_nonzero(outlined(blot, 1.0)) < 0.5 * np.count_nonzero(blot)
    np.testing.assert_array_equal(outlined(blot, 8.0), blot)


def test_thin_lines_are_untouched():
    drawn = np.asarray(house(width=9).convert("L")) < 128
    np.testing.assert_array_equal(outlined(drawn, 1.0), drawn)
