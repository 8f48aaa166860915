"""Where points of a car are in its pictures."""

import numpy as np
import pytest

from model.data.standins.cars.rendering.camera import camera_at

FRONT, REAR, LEFT, ROOF = np.array([[2.0, 0, 0.6], [-2.0, 0, 0.6], [0, 0.8, 0.6], [0, 0, 1.4]])


def seen(view, elevation=0):
    camera = camera_at(view, elevation, length=4.5, height=1.5)
    return camera.project(np.stack([FRONT, REAR, LEFT, ROOF]), 64)


def test_view_0_sees_the_front_and_view_12_the_rear():
    for view, nearer, farther in ((0, 0, 1), (12, 1, 0)):
        over_depth = seen(view)[:, 2]
        assert over_depth[nearer] > over_depth[2] > over_depth[farther] > 0


def test_view_6_sees_the_left_side_and_the_front_is_on_the_picture_s_left():
    front, rear, left, _ = seen(6)
    assert left[2] == max(seen(6)[:, 2])
    assert 0 < front[0] < 32 < rear[0] < 64
    np.testing.assert_allclose(front[0] + rear[0], 64)


def test_the_roof_is_above_and_the_left_side_is_on_the_right_of_the_front_view():
    front, _, left, roof = seen(0)
    assert roof[1] < front[1]
    assert left[0] > front[0] == pytest.approx(32)


def test_a_higher_elevation_looks_down_more():
    rises = [seen(0, elevation)[0, 1] - seen(0, elevation)[1, 1] for elevation in range(4)]
    assert rises == sorted(rises)
    assert rises[0] > 0


def test_a_ray_goes_through_the_centre_of_its_pixel():
    camera = camera_at(5, 2, length=4.5, height=1.5)
    points = camera.eye + 7.0 * camera.rays(8)
    rows, columns = np.divmod(np.arange(64), 8)
    np.testing.assert_allclose(camera.project(points, 8)[:, :2], np.stack([columns, rows], axis=-1) + 0.5)


def test_a_longer_car_is_seen_from_farther_away():
    near, far = (camera_at(0, 0, length=length, height=1.5).eye[0] for length in (3.0, 5.0))
    assert near < far
