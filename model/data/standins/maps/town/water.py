"""Rivers, lakes and coasts."""

from dataclasses import dataclass

import numpy as np

from model.data.standins.maps.town.plan import SIDE, Area
from model.data.standins.maps.town.shapes import Points, blob, ribbon, wavy_line


@dataclass(frozen=True)
class Waters:
    """A town's water.

    Attributes:
        outlines: what is water.
        shores: banks and beaches.
        narrow: whether main streets cross it on bridges.
    """

    outlines: tuple[Points, ...] = ()
    shores: tuple[Area, ...] = ()
    narrow: bool = True


def random_waters(rng: np.random.Generator) -> Waters:
    """Return a river, a lake, a coast, or in half of the towns none."""
    chance = rng.random()
    if chance < 0.2:
        return _river(rng)
    if chance < 0.34:
        return _lake(rng)
    return _coast(rng) if chance < 0.48 else Waters()


def _river(rng: np.random.Generator) -> Waters:
    middle = rng.uniform(-0.3, 0.3, (1, 2)) * SIDE
    line = wavy_line(middle, rng.uniform(0, np.pi), 2.4 * SIDE, rng.uniform(15, 60), rng)
    width = rng.uniform(14, 55)
    bank = Area("bank", np.round(ribbon(line, width + rng.uniform(8, 40)), 3))
    return Waters((np.round(ribbon(line, width), 3),), (bank,))


def _lake(rng: np.random.Generator) -> Waters:
    centre = rng.uniform(-0.4, 0.4, (1, 2)) * SIDE
    outline = blob(centre, rng.uniform(45, 110), rng)
    bank = np.round(centre + (outline - centre) * rng.uniform(1.1, 1.3), 3)
    return Waters((outline,), (Area("bank", bank),), narrow=False)


def _coast(rng: np.random.Generator) -> Waters:
    angle = rng.uniform(0, 2 * np.pi)
    out = np.array([[-np.sin(angle), np.cos(angle)]])
    line = wavy_line(out * rng.uniform(0, 0.35) * SIDE, angle, 2.4 * SIDE, rng.uniform(5, 35), rng)
    far = 2 * SIDE * out
    strip = out * rng.uniform(8, 22)
    outline = np.round(np.concatenate([line, line[::-1] + far]), 3)
    shore = np.round(np.concatenate([line - strip, line[::-1] + far]), 3)
    return Waters((outline,), (Area("beach" if rng.random() < 0.6 else "bank", shore),), narrow=False)
