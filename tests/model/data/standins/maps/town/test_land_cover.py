"""Which buildings keep clear of given ground."""

import numpy as np

from model.data.standins.maps.town.land_cover import keep_clear
from model.data.standins.maps.town.plan import Building


def square(left, top, side):
    return np.array([[left, top], [left + side, top], [left + side, top + side], [left, top + side]], float)


def house(*parts):
    return Building(parts, 6.0, flat=False)


def test_a_building_that_touches_the_ground_is_left_out():
    taken = square(0, 0, 50)
    clear, corner = house(square(-30, -30, 10)), house(square(-5, -5, 10))
    around, wing = house(square(-20, -20, 90)), house(square(-60, 0, 10), square(20, 20, 10))
    outside = house(square(300, 300, 10))
    assert keep_clear([clear, corner, around, wing, outside], [taken]) == (clear, outside)


def test_a_building_whose_side_alone_is_touched_is_left_out():
    assert keep_clear([house(square(40, 40, 20))], [square(48, 36, 6)]) == ()


def test_without_ground_to_avoid_all_buildings_stay():
    houses = [house(square(0, 0, 10))]
    assert keep_clear(houses, []) == tuple(houses)
    assert keep_clear([], [square(0, 0, 10)]) == ()
