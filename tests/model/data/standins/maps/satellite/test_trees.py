"""Where trees stand."""

import numpy as np

from model.data.standins.maps.satellite.look import random_look
from model.data.standins.maps.satellite.trees import CANDIDATES, plant
from model.data.standins.maps.town.land_cover import COVERS
from model.data.standins.maps.town.plan import SIDE


def test_woods_are_full_of_trees_and_streets_and_water_have_none():
    side = int(SIDE)
    cover = np.full((side, side), COVERS.index("wood"), np.uint8)
    cover[:, : side // 2] = COVERS.index("street")
    cover[: side // 4] = COVERS.index("water")
    rng = np.random.default_rng(0)
    trees = plant(cover, random_look(rng), rng)
    assert trees.places.min() >= -SIDE / 2 and trees.places.max() <= SIDE / 2
    assert (trees.places[:, 0] >= 0).all() and (trees.places[:, 1] >= -SIDE / 4).all()
    assert 0.85 * 3 / 8 < len(trees.radii) / CANDIDATES < 3 / 8 + 0.03
