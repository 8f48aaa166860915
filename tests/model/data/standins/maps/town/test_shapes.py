"""Shapes: ribbons have their width, bends keep what they should."""

import numpy as np

from model.data.standins.maps.town.shapes import Bend, Rectangle, ribbon, wavy_line


def area(outline):
    x, y = outline.T
    return abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


def test_a_ribbon_has_the_lines_length_times_its_width():
    line = np.stack([np.linspace(0, 30, 7), np.linspace(0, 40, 7)], axis=1)
    assert np.isclose(area(ribbon(line, 6.0)), 300)


def test_a_rectangles_outline_has_its_area_and_corners():
    rectangle = Rectangle(1.0, 2.0, 11.0, 7.0)
    assert np.isclose(area(rectangle.outline), 50)
    np.testing.assert_array_equal(rectangle.outline[::4], rectangle.corners)
    assert rectangle.transposed.corners.tolist() == [[2, 1], [7, 1], [7, 11], [2, 11]]
    assert rectangle.columns(0.5, 1.0) == Rectangle(6.0, 2.0, 11.0, 7.0)


def test_a_bend_without_waves_turns_and_shifts():
    bend = Bend(np.pi / 2, (10.0, 20.0), (0.0, 0.0), (100.0, 100.0), (0.0, 0.0))
    np.testing.assert_allclose(bend(np.array([[3.0, 0], [0, 5]])), [[10, 23], [5, 20]])


def test_waves_move_points_by_their_height_at_most():
    bend = Bend(0.0, (0.0, 0.0), (12.0, 5.0), (300.0, 200.0), (1.0, 2.0))
    points = np.random.default_rng(0).uniform(-100, 100, (500, 2))
    moved = np.abs(bend(points) - points).max(0)
    assert (moved <= [12.001, 5.001]).all() and (moved > [11, 4.5]).all()


def test_a_wavy_line_passes_its_middle():
    middle = np.array([[7.0, -9.0]])
    line = wavy_line(middle, 1.0, 400.0, 30.0, np.random.default_rng(0))
    assert np.sqrt(((line - middle) ** 2).sum(1)).min() < 10
    assert np.sqrt(((line[-1] - line[0]) ** 2).sum()) > 350
