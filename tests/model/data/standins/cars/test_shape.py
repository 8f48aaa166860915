"""The shape of a built car: body, cabin and wheels."""

import numpy as np
from scipy.spatial import cKDTree

from model.data.standins.cars.body import half_width_of, top_of
from model.data.standins.cars.rendering.mesh import Part
from model.data.standins.cars.wheels import wheel_centres


def points_of(car, part):
    return car.mesh.vertices[np.unique(car.mesh.triangles[car.mesh.parts == part])]


def test_every_car_is_as_long_wide_and_high_as_designed(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        design, body, cabin = car.design, points_of(car, Part.BODY), points_of(car, Part.CABIN)
        np.testing.assert_allclose(np.ptp(body[:, 0]), design.length)
        np.testing.assert_allclose(np.ptp(body[:, 1]), design.width, rtol=0.01)
        np.testing.assert_allclose(cabin[:, 2].max(), design.height, atol=1e-4)
        np.testing.assert_allclose(body[:, 2].min(), design.clear, atol=0.01)
        assert np.abs(cabin[:, 1]).max() < design.width / 2


def test_the_mesh_is_symmetric(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        mirrored = car.mesh.vertices * [1, -1, 1]
        assert cKDTree(car.mesh.vertices).query(mirrored)[0].max() < 1e-9


def test_the_body_s_top_goes_from_nose_to_belt_to_deck(a_car_of_each_kind):
    design = a_car_of_each_kind["saloon"].design
    front = design.length / 2
    tops = top_of(design, np.array([front, design.cowl, design.tail, -front]))
    np.testing.assert_allclose(tops, [design.nose, design.belt, design.belt, design.deck])
    widths = half_width_of(design, np.array([-front, 0.0, 0.9 * front, front]))
    assert widths[0] == widths[3] == 0 and widths[1] == design.width / 2
    assert 0.8 * widths[1] < widths[2] < widths[1]


def test_four_wheels_stand_on_the_ground_at_the_axles(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        wheels = points_of(car, Part.WHEEL)
        np.testing.assert_allclose(wheels[:, 2].min(), 0, atol=0.01)
        centres = np.array(wheel_centres(car.design))
        assert sorted(set(centres[:, 0])) == sorted(car.design.axles)
        assert (np.sign(centres[:, 1]) == [1, 1, -1, -1]).all()
        # the body does not hide a wheel's face
        sides = half_width_of(car.design, centres[:, 0])
        assert (np.abs(centres[:, 1]) > sides).all()


def test_only_fitted_cars_have_a_spare_wheel_and_a_rack(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        spare = points_of(car, Part.WHEEL)[:, 0].min() < -car.design.length / 2
        assert spare == car.design.fittings.spare_wheel
        assert (car.mesh.vertices[:, 2].max() > car.design.height + 0.02) == car.design.fittings.rack
