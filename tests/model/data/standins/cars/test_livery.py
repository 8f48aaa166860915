"""What the points of a car are made of."""

import dataclasses

import numpy as np
import pytest

from model.data.standins.cars.build import build_car
from model.data.standins.cars.colours import Material
from model.data.standins.cars.livery import materials_at
from model.data.standins.cars.rendering.mesh import Part
from model.data.standins.cars.wheels import wheel_centres


def painted(car):
    """Return points at random places of the surface, and their materials."""
    rng = np.random.default_rng(0)
    triangles = np.repeat(np.arange(len(car.mesh.triangles)), 3)
    weights = rng.dirichlet([1, 1, 1], len(triangles))[:, :, None]
    corners = car.mesh.triangles[triangles]
    points = (car.mesh.vertices[corners] * weights).sum(axis=1)
    normals = (car.mesh.normals[corners] * weights).sum(axis=1)
    return points, materials_at(car, points, normals, car.mesh.parts[triangles])


def with_fittings(car, **fittings):
    changed = dataclasses.replace(car.design.fittings, **fittings)
    return build_car(dataclasses.replace(car.design, fittings=changed))


def test_headlamps_are_in_front_and_red_lamps_at_the_rear_of_every_car(a_car_of_each_kind):
    for style, (kind, car) in enumerate(a_car_of_each_kind.items()):
        styles = dict.fromkeys(("lamps", "tail_lamps", "grille"), style % 5)
        points, materials = painted(with_fittings(car, **styles))
        quarter = car.design.length / 4
        assert (points[materials == Material.LAMP, 0] > quarter).all()
        assert (points[materials == Material.TAIL_LAMP, 0] < -quarter).all()
        for lamp in (Material.LAMP, Material.TAIL_LAMP):
            sides = np.sign(points[materials == lamp, 1])
            assert {-1, 1} <= set(sides), (kind, style)


def test_windows_are_above_the_belt_and_below_the_roof(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        points, materials = painted(car)
        glass = points[materials == Material.GLASS]
        assert car.design.belt < glass[:, 2].min() and glass[:, 2].max() < car.cabin.rim
        ahead = glass[glass[:, 0] > car.design.screen + 0.02]
        assert len(ahead) and len(glass[np.abs(glass[:, 1]) > 0.3 * car.design.width])


def test_pillars_divide_the_side_windows(a_car_of_each_kind):
    car = a_car_of_each_kind["saloon"]
    points, materials = painted(car)
    sides = points[(materials == Material.GLASS) & (np.abs(points[:, 1]) > 0.35 * car.design.width)]
    assert (np.abs(sides[:, 0] - car.design.pillars[0]) > 0.04).all()
    assert len(sides[sides[:, 0] > car.design.pillars[0]]) > 20
    assert len(sides[sides[:, 0] < car.design.pillars[0]]) > 20


def test_a_wheel_has_a_rim_in_a_tyre_in_a_dark_arch(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        design, face = car.design, wheel_centres(car.design)[0]
        radii = np.array([0.05, 0.9 * design.fittings.rim_share, 0.97, 1.08]) * design.wheel
        points = face + radii[:, None] * [0, 0, 1.0]
        parts = np.array([Part.WHEEL, Part.WHEEL, Part.WHEEL, Part.BODY])
        hub, _, tyre, arch = materials_at(car, points, np.tile([0, 1.0, 0], (4, 1)), parts)
        assert (hub, tyre, arch) == (Material.RIM, Material.TYRE, Material.HOLLOW)


def test_a_rim_has_as_many_gaps_as_spokes(a_car_of_each_kind):
    for spokes in (3, 6, 9):
        car = with_fittings(a_car_of_each_kind["saloon"], spokes=spokes, rim_share=0.7)
        angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
        around = np.stack([np.cos(angle), np.zeros(1000), np.sin(angle)], axis=-1)
        points = wheel_centres(car.design)[0] + 0.5 * car.design.wheel * around
        parts = np.full(1000, Part.WHEEL)
        gaps = materials_at(car, points, np.tile([0, 1.0, 0], (1000, 1)), parts) == Material.HOLLOW
        assert (gaps & ~np.roll(gaps, 1)).sum() == spokes


def test_only_a_pick_up_has_a_dark_bed(a_car_of_each_kind):
    for kind, car in a_car_of_each_kind.items():
        behind = np.array([[-0.4 * car.design.length, 0.0, car.design.deck]])
        up = np.array([[0, 0, 1.0]])
        (material,) = materials_at(car, behind, up, np.array([Part.BODY]))
        assert (material == Material.HOLLOW) == (kind == "pick-up")


@pytest.mark.parametrize(("kind", "style"), [("saloon", 0), ("saloon", 1), ("coupe", 2)])
def test_three_styles_of_stripe_use_the_second_paint(kind, style, a_car_of_each_kind):
    car = a_car_of_each_kind[kind]
    for stripe, expected in ((style, True), (7, False)):
        _, materials = painted(with_fittings(car, stripe=stripe))
        assert (materials == Material.SECOND_PAINT).any() == expected


def test_number_plates_are_at_both_ends(a_car_of_each_kind):
    for kind, car in a_car_of_each_kind.items():
        points, materials = painted(car)
        ends = set(np.sign(points[materials == Material.PLATE, 0]))
        assert ends == {-1, 1}, kind
