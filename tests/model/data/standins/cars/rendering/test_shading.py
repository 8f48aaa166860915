"""The light of surfaces and of the ground."""

import numpy as np

from model.data.standins.cars.rendering.camera import camera_at
from model.data.standins.cars.rendering.shading import lit, shadowed_ground

MATT = np.array([[0.5, 0.25, 0.0, 0.0, 0.0]])
SHINY = np.array([[0.0, 0.0, 0.0, 0.5, 0.2]])
CAMERA = camera_at(0, 1, length=4.5, height=1.5)


def light(material, normal, height=1.0, camera=CAMERA):
    return lit(material, np.array([[0.0, 0.0, height]]), np.array([normal]), camera)[0]


def test_a_matt_surface_has_its_own_colour_and_is_brightest_towards_the_lamp():
    up, ahead, down = (light(MATT, normal) for normal in ([0, 0, 1.0], [1.0, 0, 0], [0, 0, -1.0]))
    assert up[0] == 2 * up[1] and up[2] == 0
    assert up[0] > ahead[0] > down[0] > 0


def test_what_is_near_the_ground_is_darker():
    assert light(MATT, [1.0, 0, 0], height=0.1)[0] < light(MATT, [1.0, 0, 0], height=1.0)[0]


def test_a_shiny_surface_has_a_highlight_where_it_mirrors_the_lamp():
    lamp = np.array([0, 0, 1.0]) - 0.75 * CAMERA.ahead
    to_eye = CAMERA.eye - [0, 0, 1.0]
    halfway = lamp / np.linalg.norm(lamp) + to_eye / np.linalg.norm(to_eye)
    halfway /= np.linalg.norm(halfway)
    assert light(SHINY, halfway)[0] > 0.5
    assert light(SHINY, [1.0, 0, 0])[0] < 0.3


def test_a_shiny_surface_mirrors_the_bright_sky_and_the_dark_ground():
    assert light(SHINY, [0, 0, 1.0])[0] > light(SHINY, [0.98, 0, -0.2])[0] > 0


def test_light_is_symmetric_about_the_camera_s_plane():
    left, right = camera_at(5, 1, length=4.5, height=1.5), camera_at(19, 1, length=4.5, height=1.5)
    seen_left = light(SHINY + MATT, [0.6, 0.64, 0.48], camera=left)
    np.testing.assert_allclose(seen_left, light(SHINY + MATT, [0.6, -0.64, 0.48], camera=right))


def test_the_ground_is_white_but_for_the_shadow_below_the_car():
    ground = shadowed_ground(CAMERA, 65, length=4.5, width=1.8)
    row, column, _ = CAMERA.project(np.zeros((1, 3)), 65)[0][[1, 0, 2]]
    assert ground[int(row), int(column)] == ground.min() < 0.4
    assert ground[0, 0] == ground[-1, -1] == 1
    above_the_horizon = shadowed_ground(camera_at(0, 0, length=4.5, height=9.0), 65, length=4.5, width=1.8)
    assert (above_the_horizon[0] == 1).all()
