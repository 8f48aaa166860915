"""Both sides of a pair show the same town, and each side's random numbers change that side's look only."""

import numpy as np
import pytest

from model.data.standins.maps.satellite.draw import draw_satellite
from model.data.standins.maps.street_map import draw_map
from model.data.standins.maps.town.build import build_town
from model.data.standins.maps.town.land_cover import COVERS, land_cover

SIZE = 80  # a pixel is 4 x 4 m of the land cover
TOWNS = range(5)


def rng(*seed):
    return np.random.default_rng(seed)


def share_of(cover, names):
    """Return the share of each pixel that the named covers have, [SIZE, SIZE]."""
    numbers = [COVERS.index(name) for name in names]
    return np.isin(cover, numbers).reshape(SIZE, 4, SIZE, 4).mean((1, 3))


@pytest.fixture(scope="module")
def drawn():
    """Towns' covers, satellite pictures and maps."""
    towns = [build_town(rng(3, number)) for number in TOWNS]
    return [
        (
            land_cover(town),
            np.asarray(draw_satellite(town, SIZE, rng(4, number)), float),
            np.asarray(draw_map(town, SIZE, rng(5, number)), float),
        )
        for number, town in enumerate(towns)
    ]


def contrast(picture, inside):
    """Return how much an area's pixels are like each other, in comparison with the picture's."""
    return 1 - picture[inside].std(0).mean() / picture.std((0, 1)).mean()


def test_water_is_at_the_same_place_on_both_sides(drawn):
    """Water is blue on the map; on the satellite side its colour is one that land does not have there."""
    towns_with_water = 0
    for cover, satellite, street_map in drawn:
        water = share_of(cover, ["water"]) == 1
        blue = street_map[..., 2] - street_map[..., 0] > 45
        assert (blue == (share_of(cover, ["water"]) > 0.5)).mean() > 0.98
        if water.sum() < 200:
            continue
        towns_with_water += 1
        colour = np.median(satellite[water], axis=0)
        alike = np.abs(satellite - colour).max(-1) < 32
        dry = share_of(cover, ["water"]) == 0
        assert alike[water].mean() > 0.85
        assert alike[dry].mean() < 0.5
    assert towns_with_water >= 2


def test_streets_are_at_the_same_place_on_both_sides(drawn):
    """A street's pixels are more alike than the same pixels 8 m away, on both sides."""
    compared = 0
    for cover, *sides in drawn:
        for kind in ("street", "main"):
            street = share_of(cover, [kind]) == 1
            if street.sum() < 100:
                continue
            compared += 1
            for side in sides:
                here = contrast(side, street)
                for step in ((2, 0), (-2, 0), (0, 2), (0, -2)):
                    assert here > contrast(np.roll(side, step, (0, 1)), street)
    assert compared >= 4


def test_buildings_are_darker_on_the_map_and_differ_from_the_ground_on_the_satellite_side(drawn):
    for cover, satellite, street_map in drawn:
        inside, outside = (
            share_of(cover, ["building"]) > 0.9,
            share_of(cover, ["yard", "paved", "industry"]) == 1,
        )
        if inside.sum() < 60:
            continue
        assert street_map[inside].mean() < street_map[outside].mean() - 4
        assert np.abs(satellite[inside].mean(0) - satellite[outside].mean(0)).max() > 8


def test_the_satellite_sides_random_numbers_change_its_look_only():
    town = build_town(rng(3, 0))
    first, second = (np.asarray(draw_satellite(town, SIZE, rng(seed)), float) for seed in (0, 1))
    assert np.abs(first - second).mean() > 8
    edges = [np.abs(np.diff(picture.mean(-1), axis=0)).ravel() for picture in (first, second)]
    elsewhere = np.asarray(draw_satellite(build_town(rng(3, 1)), SIZE, rng(0)), float)
    edges.append(np.abs(np.diff(elsewhere.mean(-1), axis=0)).ravel())
    alike = np.corrcoef(edges)
    assert alike[0, 1] > 2 * abs(alike[0, 2])


def test_the_maps_styles_differ_little():
    town = build_town(rng(3, 0))
    styles = [np.asarray(draw_map(town, SIZE, rng(seed)), float) for seed in range(6)]
    differences = [np.abs(style - styles[0]).mean() for style in styles[1:]]
    assert max(differences) > 2
    assert max(differences) < 25
