"""Light on roofs, and shadows."""

from dataclasses import replace

import numpy as np
import pytest

from model.data.standins.maps.canvas import Canvas
from model.data.standins.maps.satellite.look import random_look
from model.data.standins.maps.satellite.roofs import draw_roofs, shadows
from model.data.standins.maps.town.plan import SIDE, Building

HOUSE = Building((np.array([[-80.0, -40], [80, -40], [80, 40], [-80, 40]]),), 50.0, flat=False)
EAST = np.array([1.0, 0.0])


def look(sun):
    return replace(random_look(np.random.default_rng(0)), sun=np.array(sun, float), shadow=1.0)


@pytest.mark.parametrize("sun", [(0, 1), (0, -1)])
def test_the_slope_towards_the_sun_is_lighter(sun):
    canvas = Canvas(64, (0, 0, 0))
    draw_roofs(canvas, (HOUSE,), look(sun), np.random.default_rng(1))
    picture = np.asarray(canvas.reduced(), float).mean(-1)
    upper, lower = picture[26, 32], picture[38, 32]
    assert upper > 1.2 * lower if sun[1] > 0 else lower > 1.2 * upper


def test_shadows_reach_as_far_as_the_building_is_high():
    mask = np.asarray(Canvas(64, (0, 0, 0)).mask(shadows((HOUSE,), look(EAST)))) > 0
    columns = np.nonzero(mask.any(0))[0] / mask.shape[1] * SIDE - SIDE / 2
    rows = np.nonzero(mask.any(1))[0] / mask.shape[0] * SIDE - SIDE / 2
    assert np.allclose([columns.min(), columns.max()], [-80, 130], atol=3)
    assert np.allclose([rows.min(), rows.max()], [-40, 40], atol=3)
    assert mask[96, : mask.shape[1] // 2 + 60].any() and not list(shadows((), look(EAST)))
