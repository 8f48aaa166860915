"""A car's front and rear: lamps, grille, bumpers and number plates."""

import numpy as np
from numpy.typing import NDArray

from model.data.standins.cars.colours import Material
from model.data.standins.cars.design import Design
from model.data.standins.cars.rendering.mesh import Floats, Ints

Mask = NDArray[np.bool_]


def paint_front(design: Design, points: Floats, normals: Floats, materials: Ints) -> None:
    """Paint headlamps, grille, air intake and plate onto the body's points, in place."""
    x, y, z = points[:, 0], np.abs(points[:, 1]), points[:, 2]
    half, low, tall = design.width / 2, design.clear, design.nose - design.clear
    end = (x > design.length / 2 - 0.42) & (normals[:, 2] < 0.92)
    ahead = end & (normals[:, 0] > 0.35)
    across, height = y / half, (z - low) / tall
    _bumper(design, end & (height < 0.42), materials)
    style = design.fittings.grille
    if style == 0:
        grille = (across < 0.42) & (np.abs(height - 0.66) < 0.13)
    elif style == 1:
        grille = (across < 0.20) & (np.abs(height - 0.64) < 0.20)
    elif style == 2:
        grille = (across > 0.03) & (across < 0.26) & (np.abs(height - 0.66) < 0.13)
    elif style == 3:
        grille = (across < 0.60 - 0.35 * (height - 0.2)) & (height > 0.16) & (height < 0.80)
    else:
        grille = (across < 0.55) & (np.abs(height - 0.66) < 0.05)
    materials[ahead & grille] = Material.HOLLOW
    if style in (0, 3):
        bar = (across < 0.45) & (np.abs(height - 0.66) < 0.025)
        materials[ahead & bar & grille] = Material.CHROME
    if style != 3:
        materials[ahead & (across < 0.5) & (np.abs(height - 0.18) < 0.08)] = Material.HOLLOW
    materials[end & _headlamps(design, across, height)] = Material.LAMP
    if design.fittings.lamps in (0, 3):
        materials[end & (np.abs(across - 0.80) < 0.15) & (np.abs(height - 0.44) < 0.04)] = Material.INDICATOR
    materials[ahead & (y < 0.26) & (np.abs(z - low - 0.34 * tall) < 0.06)] = Material.PLATE


def _headlamps(design: Design, across: Floats, height: Floats) -> Mask:
    """Return where the headlamps are: round, square, slanted, narrow or tall."""
    style = design.fittings.lamps
    if style == 0:
        in_metres = np.hypot(
            (across - 0.72) * design.width / 2, (height - 0.70) * (design.nose - design.clear)
        )
        lamp = in_metres < 0.125
    elif style == 1:
        lamp = (across > 0.52) & (np.abs(height - 0.68) < 0.12)
    elif style == 2:
        lamp = (across > 0.45) & (np.abs(height - 0.50 - 0.30 * across) < 0.05 + 0.10 * (across - 0.4))
    elif style == 3:
        lamp = (across > 0.50) & (np.abs(height - 0.74) < 0.065)
    else:
        lamp = (across > 0.64) & (np.abs(height - 0.66) < 0.20 * across)
    return np.asarray(lamp)


def paint_rear(design: Design, points: Floats, normals: Floats, materials: Ints) -> None:
    """Paint tail lamps, bumper and plate onto the body's points, in place."""
    x, y, z = points[:, 0], np.abs(points[:, 1]), points[:, 2]
    half, low, tall = design.width / 2, design.clear, design.deck - design.clear
    end = (x < -design.length / 2 + 0.34) & (normals[:, 2] < 0.92)
    behind = end & (normals[:, 0] < -0.35)
    across, height = y / half, (z - low) / tall
    _bumper(design, end & (height < 0.36), materials)
    materials[behind & (across < 0.82) & (np.abs(height - 0.40) < 0.012)] = Material.SEAM
    style = design.fittings.tail_lamps
    if style == 0:
        lamp = (across > 0.74) & (np.abs(height - 0.66) < 0.24)
    elif style == 1:
        lamp = (across > 0.48) & (np.abs(height - 0.70) < 0.11)
    elif style == 2:
        lamp = np.hypot((across - 0.70) * half, (height - 0.68) * tall) < 0.11
    elif style == 3:
        lamp = np.abs(height - 0.74) < 0.07
    else:
        lamp = (across > 0.60) & (np.abs(height - 0.60) < 0.16 * (across - 0.2) / 0.6)
    materials[end & lamp] = Material.TAIL_LAMP
    if style in (0, 1):
        materials[end & lamp & (np.abs(height - 0.62) < 0.045)] = Material.INDICATOR
    materials[behind & (y < 0.26) & (np.abs(z - low - 0.52 * tall) < 0.06)] = Material.PLATE


def _bumper(design: Design, area: Mask, materials: Ints) -> None:
    """Paint a bumper of dark plastic that is one piece with the body."""
    if design.fittings.bumpers == 3 and design.fittings.cladding:
        materials[area] = Material.PLASTIC
