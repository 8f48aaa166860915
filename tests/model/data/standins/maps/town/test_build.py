"""Made towns: variety, buildings clear of water and streets, bridges."""

from collections import Counter

import numpy as np
import pytest

from model.data.standins.maps.town.build import build_town
from model.data.standins.maps.town.land_cover import COVERS, land_cover
from model.data.standins.maps.town.plan import SIDE, Area, Building, Street, Town


def rng(*seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def towns():
    return [build_town(rng(1, number)) for number in range(18)]


def square(left, top, side):
    return np.array([[left, top], [left + side, top], [left + side, top + side], [left, top + side]], float)


def test_equal_random_numbers_give_equal_towns(towns):
    again = build_town(rng(1, 5))
    assert (land_cover(again) == land_cover(towns[5])).all()
    assert not (land_cover(again) == land_cover(towns[6])).all()


def test_towns_have_all_kinds_of_ground(towns):
    """Many towns have water, if only a pond; most have main streets; no kind of ground is missing."""
    found = Counter(COVERS[number] for town in towns for number in np.unique(land_cover(town)))
    assert set(COVERS) - set(found) <= {"ground"}
    assert 5 <= found["water"] < len(towns)
    assert found["main"] > 11
    assert min(found[name] for name in ("park", "wood", "field", "parking", "pitch", "rail", "highway")) >= 1


def test_every_town_covers_the_whole_picture(towns):
    for town in towns:
        assert (land_cover(town) == COVERS.index("ground")).mean() < 0.12


def test_no_building_stands_in_water_or_on_a_street(towns):
    """Buildings are on top of the cover, so a town without them shows what they stand on."""
    taken = [COVERS.index(name) for name in ("water", "bank", "beach", "street", "main", "highway", "rail")]
    for town in towns:
        bare = Town(town.areas, (), town.streets, town.shores, town.waters)
        beneath = land_cover(bare)[land_cover(town) == COVERS.index("building")]
        assert np.isin(beneath, taken).mean() < 0.02 if beneath.size else True


def test_places_are_whole_millimetres(towns):
    """The last bit of a sine differs between processors; rounded places do not."""
    for town in towns[:6]:
        lines = [street.line for street in town.streets]
        for points in (*(area.outline for area in town.areas), *town.waters, *lines):
            np.testing.assert_array_equal(points, np.round(points, 3))


def test_later_layers_lie_on_earlier_ones():
    """Streets end at the shore, bridges cross the water, buildings are on top."""
    across = np.stack([np.linspace(-160, 160, 9), np.zeros(9)], axis=1)
    streets = (
        Street("street", across + np.array([0.0, -80]), 10.0),
        Street("main", across + np.array([0.0, 80]), 10.0, bridges=True),
    )
    town = Town(
        areas=(Area("park", square(-160, -160, 320)), Area("pitch", square(-150, -20, 40))),
        buildings=(Building((square(-100, -10, 20), square(100, -10, 20)), 8.0, flat=True),),
        streets=streets,
        shores=(Area("beach", square(-40, -160, 320)),),
        waters=(square(0, -160, 320),),
    )
    cover = land_cover(town)
    assert cover.shape == (SIDE, SIDE)

    def at(x, y):
        return COVERS[cover[y + 160, x + 160]]

    assert [at(x, -80) for x in (-100, -20, 100)] == ["street", "beach", "water"]
    assert [at(x, 80) for x in (-100, -20, 100)] == ["main"] * 3
    assert [at(x, 0) for x in (-130, -90, 60, 110)] == ["pitch", "building", "water", "building"]
    assert at(-120, 120) == "park"
