"""What only the satellite side knows: season, light, materials and the camera's colours."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.data.standins.maps.canvas import Colour
from model.data.standins.maps.town.plan import AreaKind
from model.data.standins.maps.town.shapes import Points


@dataclass(frozen=True)
class Season:
    """The colours of plants: lawns, two kinds of trees, and crops."""

    lawn: Colour
    trees: tuple[Colour, ...]
    crops: tuple[Colour, ...]


SEASONS = (
    Season(
        lawn=(104, 124, 72),
        trees=((52, 78, 44), (66, 92, 50), (44, 66, 46)),
        crops=((124, 138, 78), (168, 152, 98), (92, 116, 60)),
    ),
    Season(
        lawn=(126, 134, 84),
        trees=((62, 84, 48), (78, 98, 56), (50, 70, 50)),
        crops=((176, 158, 104), (146, 124, 84), (118, 128, 74)),
    ),
    Season(
        lawn=(150, 138, 98),
        trees=((76, 88, 56), (92, 96, 60), (62, 74, 52)),
        crops=((186, 164, 116), (152, 126, 90), (136, 124, 84)),
    ),
    Season(
        lawn=(120, 116, 76),
        trees=((122, 88, 46), (146, 106, 50), (78, 82, 48)),
        crops=((142, 116, 80), (122, 100, 74), (136, 130, 80)),
    ),
    Season(
        lawn=(122, 116, 90),
        trees=((104, 92, 78), (116, 104, 88), (62, 72, 56)),
        crops=((132, 112, 86), (112, 96, 76), (118, 116, 78)),
    ),
)
"""Early and late summer, a dry one, autumn and winter."""
ROOFS = (
    ((172, 98, 70), (158, 84, 62), (184, 116, 84), (146, 92, 74)),
    ((112, 110, 112), (94, 94, 100), (130, 126, 122), (82, 80, 84)),
    ((134, 112, 94), (118, 98, 84), (152, 132, 112), (102, 90, 82)),
    ((198, 192, 182), (176, 168, 158), (150, 138, 126), (122, 112, 104)),
    ((164, 100, 76), (104, 102, 106), (148, 128, 108), (190, 184, 174)),
)
FLAT_ROOFS = (
    (206, 204, 200),
    (176, 174, 172),
    (144, 142, 140),
    (118, 116, 116),
    (166, 152, 136),
    (224, 222, 218),
)
WATERS = ((52, 78, 94), (44, 66, 68), (70, 90, 82), (36, 56, 84), (60, 96, 110))
CAST = 0.05
"""How much a channel is brightened or darkened at most, as a share."""


@dataclass(frozen=True)
class Look:
    """One picture's look.

    Attributes:
        sun: the direction in which shadows fall, a unit vector.
        shadow: metres of shadow for each metre of height.
        roofs: the usual colours of pitched roofs.
        tree_size: the usual radius of a tree in metres.
        trees: how many trees there are, relative to other pictures.
        cast: factors of red, green and blue.
        haze: how much the picture is mixed with pale blue.
        noise: the camera's noise in grey levels.
    """

    season: Season
    sun: Points
    shadow: float
    roofs: tuple[Colour, ...]
    asphalt: Colour
    paving: Colour
    water: Colour
    tree_size: float
    trees: float
    cast: NDArray[np.float64]
    haze: float
    noise: float


def random_look(rng: np.random.Generator) -> Look:
    """Return a random look."""
    angle = rng.uniform(0, 2 * np.pi)
    sun: Points = np.array([np.cos(angle), np.sin(angle)])
    grey = rng.uniform(92, 146)
    light = rng.uniform(158, 188)
    return Look(
        season=SEASONS[int(rng.choice(len(SEASONS), p=[0.34, 0.24, 0.16, 0.14, 0.12]))],
        sun=np.round(sun, 6),
        shadow=float(rng.uniform(0.25, 1.1)),
        roofs=ROOFS[int(rng.integers(len(ROOFS)))],
        asphalt=_grey(grey, rng),
        paving=_grey(light, rng),
        water=varied(WATERS[int(rng.integers(len(WATERS)))], 0.12, rng),
        tree_size=float(rng.uniform(2.3, 3.8)),
        trees=float(rng.uniform(0.5, 1.5)),
        cast=rng.uniform(1.0, 1.28) * (1 + rng.uniform(-CAST, CAST, 3)),
        haze=float(rng.uniform(0, 0.12)),
        noise=float(rng.uniform(1.5, 5)),
    )


def ground_colours(look: Look) -> Mapping[AreaKind, Colour]:
    """Return the usual colour of each kind of area; fields have their own."""
    lawn, paving = look.season.lawn, look.paving
    return {
        "yard": lawn,
        "park": _mixed(lawn, (96, 128, 62), 0.3),
        "wood": _mixed(lawn, look.season.trees[0], 0.7),
        "verge": _mixed(lawn, (140, 130, 104), 0.3),
        "bank": _mixed(lawn, look.season.trees[0], 0.35),
        "beach": (206, 190, 152),
        "pitch": _mixed(lawn, (98, 140, 66), 0.6),
        "school": _mixed(lawn, paving, 0.3),
        "paved": paving,
        "industry": _mixed(paving, look.asphalt, 0.5),
        "parking": look.asphalt,
        "drive": _mixed(paving, lawn, 0.15),
        "pool": (84, 178, 190),
        "field": lawn,
    }


def varied(colour: Colour, share: float, rng: np.random.Generator) -> Colour:
    """Return a colour whose brightness, and a little its hue, differ by up to a share."""
    factors = (1 + rng.uniform(-share, share)) * (1 + rng.uniform(-share / 4, share / 4, 3))
    red, green, blue = factors.tolist()
    return min(255, int(colour[0] * red)), min(255, int(colour[1] * green)), min(255, int(colour[2] * blue))


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _grey(level: float, rng: np.random.Generator) -> Colour:
    red, green, blue = (level + np.array([2.0, 0, -3]) * rng.uniform(-1, 2)).astype(int).tolist()
    return red, green, blue
