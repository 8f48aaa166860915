"""Strokes cover a drawing's lines once; smoothing removes tremor and keeps the shape."""

import numpy as np
import pytest
from scipy import ndimage
from shapes import circle_and_cross

from model.sketch.drawings.strokes import length, simplified, smoothed, strokes
from model.sketch.drawings.thinning import thin


def centre_lines() -> np.ndarray:
    return thin(np.asarray(circle_and_cross()) < 128)


def test_strokes_cover_every_line_once():
    lines = centre_lines()
    points = np.concatenate(strokes(lines)).astype(int)
    assert len(points) == len({tuple(point) for point in points})
    assert all(lines[y, x] for x, y in points)
    drawn = np.zeros_like(lines)
    drawn[points[:, 1], points[:, 0]] = True
    assert not (lines & ~ndimage.binary_dilation(drawn, np.ones((3, 3)))).any()
    assert len(strokes(lines)) < 10


def test_strokes_go_straight_at_crossings():
    long = [stroke for stroke in strokes(centre_lines()) if len(stroke) > 90]
    assert len(long) >= 2
    assert any(np.ptp(stroke, axis=0).min() <= 3 for stroke in long)


def test_simplified_strokes_keep_their_ends_and_stay_near():
    stroke = np.stack([np.arange(200.0), 40 * np.sin(np.arange(200.0) / 20)], 1).astype(np.float32)
    few = simplified(stroke, 3.0)
    assert 5 < len(few) < 30
    assert (few[[0, -1]] == stroke[[0, -1]]).all()
    along = np.interp(stroke[:, 0], few[:, 0], few[:, 1])
    assert np.abs(along - stroke[:, 1]).max() < 6


def test_smoothing_removes_tremor_and_keeps_the_shape():
    along = np.arange(0, 200, dtype=np.float32)
    calm = np.stack([along, 100 + 50 * np.sin(along / 60)], 1)
    shaken = calm + np.random.default_rng(0).normal(0, 1.5, calm.shape).astype(np.float32)
    found = smoothed(shaken, 4.0)
    assert found.shape == shaken.shape
    assert np.abs(found - calm)[10:-10].mean() < 0.4 * np.abs(shaken - calm)[10:-10].mean()
    assert np.abs(smoothed(calm, 4.0) - calm).max() < 0.3
    assert length(found) < 0.7 * length(shaken)


def test_smoothing_keeps_the_ends():
    rng = np.random.default_rng(0)
    for count in (2, 3, 5, 40):
        stroke = rng.uniform(0, 99, (count, 2)).astype(np.float32)
        found = smoothed(stroke, 4.0)
        assert found[[0, -1]] == pytest.approx(stroke[[0, -1]], abs=1e-4)
