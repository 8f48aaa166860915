"""Places trees where the ground has some, and draws them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.standins.maps.canvas import Canvas, tinted
from model.data.standins.maps.satellite.look import Look, varied
from model.data.standins.maps.satellite.texture import patches
from model.data.standins.maps.town.land_cover import COVERS, Cover
from model.data.standins.maps.town.plan import SIDE
from model.data.standins.maps.town.shapes import Points

CANDIDATES = 4200
"""Places at which a tree may stand."""
DENSITY = {
    "yard": 0.2, "school": 0.1, "park": 0.26, "wood": 0.95, "verge": 0.2, "bank": 0.45, "paved": 0.05,
    "industry": 0.02, "field": 0.004, "ground": 0.1, "parking": 0.015,
}  # fmt: skip
"""The share of those places where one stands, by what covers the ground."""


class Trees(NamedTuple):
    """Places [n, 2] and radii [n] in metres."""

    places: Points
    radii: NDArray[np.float64]


def plant(cover: Cover, look: Look, rng: np.random.Generator) -> Trees:
    """Return trees; they stand in clumps, and never on streets, water or buildings."""
    places = rng.uniform(0, SIDE, (CANDIDATES, 2))
    columns, rows = places.astype(int).T
    shares = np.array([DENSITY.get(name, 0.0) for name in COVERS])
    of_place = shares[cover[rows, columns]]
    clumps = 1 + 1.2 * patches(len(cover), (18, 18), rng)[rows, columns]
    stands = rng.random(CANDIDATES) < np.where(of_place > 0.9, of_place, of_place * clumps * look.trees)
    radii = look.tree_size * rng.uniform(0.55, 1.35, CANDIDATES)
    return Trees(places[stands] - SIDE / 2, radii[stands])


def draw_trees(canvas: Canvas, trees: Trees, look: Look, rng: np.random.Generator) -> None:
    """Draw each crown, and on its sunny side a lighter one."""
    towards_x, towards_y = (-look.sun * 0.35).tolist()
    kinds = [varied(colour, 0.15, rng) for colour in look.season.trees for _ in range(4)]
    chosen = rng.integers(len(kinds), size=len(trees.radii)).tolist()
    for (x, y), radius, kind in zip(trees.places.tolist(), trees.radii.tolist(), chosen, strict=True):
        canvas.circle(x, y, radius, kinds[kind])
        lit = tinted(kinds[kind], 1.28)
        canvas.circle(x + radius * towards_x, y + radius * towards_y, radius * 0.55, lit)
