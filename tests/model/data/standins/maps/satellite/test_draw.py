"""Roofs are on the satellite side where the town has buildings."""

import numpy as np

from model.data.standins.maps.satellite.draw import draw_satellite
from model.data.standins.maps.town.plan import Area, Building, Town


def square(half):
    return np.array([[-half, -half], [half, -half], [half, half], [-half, half]], float)


def test_flat_roofs_are_lighter_than_the_lawn_around_them():
    """Without its roof, the place is darker than the lawn: it lies in the building's shadow."""
    town = Town((Area("pitch", square(160)),), (Building((square(60),), 5.0, flat=True),), (), (), ())
    levels = []
    for seed in range(4):
        picture = np.asarray(draw_satellite(town, 64, np.random.default_rng(seed)), float)
        levels.append([np.median(part) for part in (picture[24:40, 24:40], picture[:8])])
    roof, lawn = np.mean(levels, axis=0)
    assert roof > 1.1 * lawn
