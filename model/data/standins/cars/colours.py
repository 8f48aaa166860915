"""The colours of one car, and what each of its materials reflects."""

import colorsys
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from model.data.standins.cars.rendering.mesh import Floats

Rgb = tuple[float, float, float]
_HUES = (0.0, 0.0, 0.0, 0.06, 0.09, 0.14, 0.14, 0.28, 0.38, 0.5, 0.58, 0.62, 0.62, 0.64, 0.76, 0.92)
"""Hues of paint: red and blue are more common than green and yellow, violet is rare."""


class Material(IntEnum):
    """Everything that a point of a car can be made of."""

    PAINT = 0
    SECOND_PAINT = 1
    ROOF = 2
    GLASS = 3
    TYRE = 4
    RIM = 5
    CHROME = 6
    PLASTIC = 7
    HOLLOW = 8
    LAMP = 9
    TAIL_LAMP = 10
    INDICATOR = 11
    PLATE = 12
    SEAM = 13


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Colours in sRGB, 0-1, and how much the paint mirrors."""

    paint: Rgb
    second: Rgb
    roof: Rgb
    rim: Rgb
    seam: Rgb
    gloss: float


def draw_colours(rng: np.random.Generator) -> Colours:
    """Draw the paints. A third of the cars is grey, black or white, and a quarter has another roof."""
    paint = _paint(rng)
    contrast: Rgb = (0.06, 0.06, 0.07) if sum(paint) > 1.0 else (0.86, 0.86, 0.84)
    second = contrast if rng.random() < 0.6 else _paint(rng)
    roof = second if rng.random() < 0.25 else paint
    level = float(rng.choice([0.12, 0.55, 0.7, 0.8]))
    return Colours(
        paint=paint,
        second=second,
        roof=roof,
        rim=(level, level, level),
        seam=(paint[0] * 0.35, paint[1] * 0.35, paint[2] * 0.35),
        gloss=float(rng.uniform(0.04, 0.11)),
    )


def _paint(rng: np.random.Generator) -> Rgb:
    if rng.random() < 0.33:
        level = float(rng.choice([0.07, 0.3, 0.5, 0.72, 0.84]) + rng.uniform(-0.04, 0.04))
        return level, level, level * float(rng.uniform(0.97, 1.03))
    hue = (float(rng.choice(_HUES)) + float(rng.uniform(-0.03, 0.03))) % 1
    return colorsys.hsv_to_rgb(hue, float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.35, 0.95)))


def material_table(colours: Colours) -> Floats:
    """Return each material's red, green, blue (linear light), highlight and mirroring, [materials, 5]."""
    rows: dict[Material, tuple[Rgb, float, float]] = {
        Material.PAINT: (colours.paint, 0.45, colours.gloss),
        Material.SECOND_PAINT: (colours.second, 0.45, colours.gloss),
        Material.ROOF: (colours.roof, 0.45, colours.gloss),
        Material.GLASS: ((0.10, 0.12, 0.15), 0.35, 0.07),
        Material.TYRE: ((0.13, 0.13, 0.14), 0.03, 0.0),
        Material.RIM: (colours.rim, 0.4, 0.15),
        Material.CHROME: ((0.72, 0.73, 0.75), 0.6, 0.40),
        Material.PLASTIC: ((0.17, 0.17, 0.18), 0.10, 0.02),
        Material.HOLLOW: ((0.10, 0.10, 0.10), 0.0, 0.0),
        Material.LAMP: ((0.76, 0.82, 0.90), 0.8, 0.06),
        Material.TAIL_LAMP: ((0.80, 0.04, 0.05), 0.5, 0.06),
        Material.INDICATOR: ((0.95, 0.50, 0.05), 0.5, 0.06),
        Material.PLATE: ((0.93, 0.93, 0.88), 0.1, 0.0),
        Material.SEAM: (colours.seam, 0.0, 0.0),
    }
    table = np.array([[*rows[material][0], *rows[material][1:]] for material in Material])
    table[:, :3] **= 2.2
    return table
