"""Printed lines of paper are removed; drawings of lines are not."""

import numpy as np
import pytest
from drawn import distance, house
from PIL import ImageDraw

from benchmarks.shared.hard_drawings import lined_scan, squared_scan
from model.sketch.drawings.normalise import normalise
from model.sketch.drawings.ruling import without_ruling


def paper(gap: int = 20, level: float = 0.4, *, squared: bool = False, slope: float = 0.0) -> np.ndarray:
    """The contrast of ruled paper, [200, 220]."""
    contrast = np.zeros((200, 220), np.float32)
    across = np.arange(220)
    for row in range(gap // 2, 200, gap):
        contrast[(row + slope * across).round().astype(int).clip(0, 199), across] = level
    if squared:
        contrast[:, gap // 2 :: gap] = level
    return contrast


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.06])
def test_lines_are_removed_and_strokes_stay(squared, slope):
    contrast = paper(squared=squared, slope=0.0 if squared else slope)
    drawn = np.zeros_like(contrast, bool)
    drawn[40:160, 103:107] = True
    drawn[75:79, 60:160] = True
    contrast[drawn] = 0.9
    cleaned = without_ruling(contrast, 0.1)
    assert (cleaned[drawn] > 0.3).mean() > 0.9
    assert (cleaned[~drawn] > 0.1).mean() < 0.01


def test_dark_strokes_upon_a_line_stay():
    contrast = paper(level=0.2)
    contrast[90, 60:160] = 0.9  # exactly on a printed line
    contrast[20:80, 100:104] = 0.9
    cleaned = without_ruling(contrast, 0.05)
    assert (cleaned[90, 60:160] == np.float32(0.9)).all()
    assert cleaned[90, :50].max() == 0


def test_the_margin_of_lined_paper_is_removed():
    contrast = paper()
    contrast[:, 30] = 0.6
    contrast[80:120, 100:104] = 0.9
    cleaned = without_ruling(contrast, 0.1)
    assert (cleaned[:, 28:33] > 0.1).mean() < 0.02
    assert cleaned[80:120, 100:104].min() > 0.5


def test_a_single_line_from_edge_to_edge_is_removed_if_the_drawing_is_shorter():
    contrast = np.zeros((200, 220), np.float32)
    contrast[:, 30] = 0.6
    contrast[60:140, 100:104] = 0.9
    cleaned = without_ruling(contrast, 0.1)
    assert cleaned[:, 30].max() == 0
    contrast[5:195, 100:104] = 0.9
    assert without_ruling(contrast, 0.1)[:, 30].min() > 0.5


def test_a_drawing_of_lines_is_left():
    fence = paper(squared=True)
    np.testing.assert_array_equal(without_ruling(fence, 0.1), fence)


def test_a_tiny_drawing_of_lines_is_left():
    contrast = np.zeros((100, 100), np.float32)
    contrast[10::18] = 0.6
    contrast[30:70, 48:52] = 0.9
    np.testing.assert_array_equal(without_ruling(contrast, 0.1), contrast)
    assert without_ruling(np.kron(contrast, np.ones((2, 2), np.float32)), 0.1)[20, 10] == 0


def test_a_drawing_within_the_paper_is_left():
    contrast = np.zeros((200, 220), np.float32)
    contrast[40:160:10, 30:190] = 0.6
    np.testing.assert_array_equal(without_ruling(contrast, 0.1), contrast)


@pytest.mark.parametrize("scan", [lined_scan, squared_scan])
@pytest.mark.parametrize("seed", range(4))
def test_drawings_on_ruled_paper_are_found(scan, seed):
    picture = scan(house(), np.random.default_rng(seed))
    assert distance(normalise(picture), normalise(house())) < 5


def test_a_drawn_grid_is_still_a_drawing():
    window = house(width=2)
    pen = ImageDraw.Draw(window)
    for place in range(0, 256, 32):
        pen.line((0, place, 255, place), "black", 2)
    assert (np.asarray(normalise(window)) < 128).mean() > 0.02
