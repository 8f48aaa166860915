"""Doodles are small, random and near the drawing that they are made from."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from shapes import circle_and_cross

from benchmarks.shared.doodles import LARGEST, SMALLEST, doodle
from model.sketch.drawings.normalise import CANVAS, NoDrawing, normalise


def test_doodles_are_small_and_depend_on_the_seed():
    doodles = [doodle(circle_and_cross(), np.random.default_rng(seed)) for seed in range(4)]
    assert all(SMALLEST <= picture.width == picture.height <= LARGEST for picture in doodles)
    assert len({picture.tobytes() for picture in doodles}) == 4
    assert doodle(circle_and_cross(), np.random.default_rng(0)).tobytes() == doodles[0].tobytes()


def test_a_single_stroke_is_never_dropped():
    line = Image.new("L", (CANVAS, CANVAS), 255)
    ImageDraw.Draw(line).line((40, 60, 210, 190), 0, 3)
    for seed in range(4):
        assert np.count_nonzero(np.asarray(doodle(line, np.random.default_rng(seed))) < 128) > SMALLEST / 2


@pytest.mark.parametrize("seed", range(4))
def test_doodles_stay_near_the_drawing_but_differ_from_it(seed):
    drawing, redrawn = (
        np.asarray(picture) < 128
        for picture in (
            normalise(circle_and_cross()),
            normalise(doodle(circle_and_cross(), np.random.default_rng(seed))),
        )
    )
    rows, columns = np.nonzero(redrawn)
    near = np.array(
        [
            drawing[max(0, row - 40) : row + 40, max(0, column - 40) : column + 40].any()
            for row, column in zip(rows, columns, strict=True)
        ]
    )
    assert near.mean() > 0.95
    assert (drawing != redrawn).mean() > 0.01


def test_a_drawing_without_lines_has_no_doodle():
    dot = Image.new("L", (CANVAS, CANVAS), 255)
    ImageDraw.Draw(dot).point((5, 5), 0)
    with pytest.raises(NoDrawing):
        doodle(dot, np.random.default_rng(0))
