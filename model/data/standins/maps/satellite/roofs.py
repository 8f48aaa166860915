"""Draws roofs with the light on their slopes, and the shadows of buildings."""

from collections.abc import Iterator

import numpy as np

from model.data.standins.maps.canvas import Canvas, Colour, tinted
from model.data.standins.maps.satellite.look import FLAT_ROOFS, Look, varied
from model.data.standins.maps.town.plan import Building
from model.data.standins.maps.town.shapes import Points


def shadows(buildings: tuple[Building, ...], look: Look) -> Iterator[Points]:
    """Yield the outlines whose union the buildings shade."""
    if not buildings:
        return
    parts = np.stack([part for building in buildings for part in building.parts])
    heights = np.array([building.height for building in buildings for _ in building.parts])
    thrown = parts + (look.sun * look.shadow) * heights[:, None, None]
    yield from thrown
    following = [3, 0, 1, 2]  # each side sweeps a quadrilateral
    swept = np.stack([parts, parts[:, following], thrown[:, following], thrown], axis=2)
    yield from swept.reshape(-1, 4, 2)


def draw_roofs(canvas: Canvas, buildings: tuple[Building, ...], look: Look, rng: np.random.Generator) -> None:
    """Draw all roofs; some are of an unusual colour."""
    for building in buildings:
        if building.flat:
            colour = varied(FLAT_ROOFS[int(rng.integers(len(FLAT_ROOFS)))], 0.08, rng)
            for part in building.parts:
                _flat(canvas, part, colour, look, rng)
            continue
        roofs = FLAT_ROOFS if rng.random() < 0.04 else look.roofs
        colour = varied(roofs[int(rng.integers(len(roofs)))], 0.12, rng)
        hipped = bool(rng.random() < 0.4)
        for part in building.parts:
            _pitched(canvas, part, colour, look, hipped=hipped)


def _pitched(canvas: Canvas, part: Points, colour: Colour, look: Look, *, hipped: bool) -> None:
    """Draw two slopes along the longer side; a hipped roof has two more at the ridge's ends."""
    first, second, third, fourth = part
    if ((second - first) ** 2).sum() < ((fourth - first) ** 2).sum():
        first, second, third, fourth = second, third, fourth, first
    start, end = (first + fourth) / 2, (second + third) / 2
    inset = (end - start) * (0.28 if hipped else 0.0)
    start, end = start + inset, end - inset
    slopes = [np.array([first, second, end, start]), np.array([fourth, third, end, start])]
    if hipped:
        slopes += [np.array([first, start, fourth]), np.array([second, end, third])]
    middle = part.mean(0)
    for slope in slopes:
        away = slope[:2].mean(0) - middle if len(slope) == 4 else slope[[0, 2]].mean(0) - middle
        light = -float(away @ look.sun) / float(np.sqrt(away @ away) + 1e-9)
        canvas.polygon(slope, tinted(colour, 1 + 0.26 * light))


def _flat(canvas: Canvas, part: Points, colour: Colour, look: Look, rng: np.random.Generator) -> None:
    """Draw a parapet, the roof in it, and machines with their shadows."""
    middle = part.mean(0)
    canvas.polygon(part, tinted(colour, 1.1))
    sides = np.sqrt(((part - np.roll(part, 1, 0)) ** 2).sum(1))
    canvas.polygon(middle + (part - middle) * max(0.5, 1 - 1.6 / float(sides.min())), colour)
    for _ in range(int(rng.integers(0, 2 + int(sides.max() / 14)))):
        place = middle + (part - middle)[int(rng.integers(4))] * rng.uniform(0, 0.7)
        size = rng.uniform(1, 2.6)
        box = place + (part - middle) / sides.max() * size * 2
        canvas.polygon(box + look.sun * 1.6, tinted(colour, 0.6))
        canvas.polygon(box, tinted(colour, rng.uniform(0.78, 1.2)))
