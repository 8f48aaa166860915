"""A mark is in the lower right corner; its colour and its shape say right or wrong."""

import numpy as np
import pytest
from PIL import Image

from model.evaluation.marks import RIGHT, WRONG, mark_side, marked


@pytest.mark.parametrize("side", [64, 96, 128])
def test_marks_differ_in_colour_and_in_shape(side):
    picture, mark = Image.new("RGB", (side, side)), mark_side(side)
    shapes = []
    for right, colour in ((True, RIGHT), (False, WRONG)):
        pixels = np.asarray(marked(picture, right=right))
        corner = pixels[-mark:, -mark:]
        assert not pixels[:-mark].any() and not pixels[:, :-mark].any()
        assert {tuple(each) for each in corner.reshape(-1, 3).tolist()} == {colour, (255, 255, 255)}
        shapes.append((corner == 255).all(2))
    assert (shapes[0] != shapes[1]).any()
    assert not np.asarray(picture).any(), "the picture itself is unchanged"


def test_a_tick_and_a_cross_differ_in_shape():
    """A cross reaches the mark's upper left, and a tick does not; both reach the upper right."""
    plain = Image.new("RGB", (96, 96), "black")
    side = mark_side(96)
    unit = side / 18
    for right, upper_left in ((True, RIGHT), (False, (255, 255, 255))):
        mark = marked(plain, right=right).crop((96 - side, 96 - side, 96, 96))
        assert mark.getpixel((round(6 * unit), round(6 * unit))) == upper_left
        assert mark.getpixel((round(13 * unit), round(6 * unit))) == (255, 255, 255)
