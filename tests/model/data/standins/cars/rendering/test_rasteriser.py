"""Which triangle a pixel sees."""

import numpy as np

from model.data.standins.cars.rendering.rasteriser import rasterise

COUNTER_CLOCKWISE = np.array([[0, 1, 2]])


def triangle(nearness, left=0.0, top=0.0, side=8.0):
    """Return a right triangle, counter-clockwise on a screen whose rows point downwards."""
    return np.array([[left, top, nearness], [left, top + side, nearness], [left + side, top, nearness]])


def test_a_triangle_covers_the_pixels_whose_centres_are_in_it():
    seen = rasterise(triangle(1.0, side=7.9), COUNTER_CLOCKWISE, 10)
    expected = [row * 10 + column for row in range(10) for column in range(10) if row + column + 1 < 7.9]
    assert sorted(seen.pixels) == expected


def test_a_nearer_triangle_hides_a_farther_one_in_either_order():
    near, far = triangle(0.5, side=4.0), triangle(0.25)
    for screen, nearest in ((np.concatenate([near, far]), 0), (np.concatenate([far, near]), 1)):
        seen = rasterise(screen, np.array([[0, 1, 2], [3, 4, 5]]), 8)
        of_pixel = dict(zip(seen.pixels.tolist(), seen.triangles.tolist(), strict=True))
        assert len(of_pixel) == len(seen.pixels)
        assert of_pixel[0] == nearest
        assert of_pixel[5] == 1 - nearest


def test_a_triangle_seen_from_behind_is_not_drawn():
    assert len(rasterise(triangle(1.0), np.array([[0, 2, 1]]), 8).pixels) == 0


def test_a_triangle_is_cut_at_the_edges_of_the_picture():
    seen = rasterise(triangle(1.0, left=-6.0, top=-6.0, side=30.0), COUNTER_CLOCKWISE, 8)
    assert sorted(seen.pixels) == list(range(64))
    assert len(rasterise(triangle(1.0, left=9.0), COUNTER_CLOCKWISE, 8).pixels) == 0


def test_weights_are_corrected_for_perspective():
    screen = np.array([[0.0, 0.0, 1.0], [0.0, 9.0, 1.0], [9.0, 0.0, 1 / 3]])
    seen = rasterise(screen, COUNTER_CLOCKWISE, 9)
    depths = np.array([1.0, 1.0, 3.0])
    columns, rows = seen.pixels % 9 + 0.5, seen.pixels // 9 + 0.5
    flat = np.stack([1 - rows / 9 - columns / 9, rows / 9, columns / 9], axis=-1)
    # depth is not linear on the screen, but 1 / depth is
    np.testing.assert_allclose(seen.weights @ depths, 1 / (flat @ (1 / depths)))
    np.testing.assert_allclose(seen.weights.sum(axis=1), 1)
