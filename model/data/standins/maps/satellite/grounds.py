"""Draws the ground between the streets: lawns, crops in rows, parking lots, pitches."""

import numpy as np

from model.data.standins.maps.canvas import Canvas, Colour, tinted
from model.data.standins.maps.satellite.look import Look, ground_colours, varied
from model.data.standins.maps.satellite.traffic import draw_car
from model.data.standins.maps.town.plan import Area
from model.data.standins.maps.town.shapes import Points

_WHITE: Colour = (214, 214, 210)


def draw_areas(canvas: Canvas, areas: tuple[Area, ...], look: Look, rng: np.random.Generator) -> None:
    """Draw areas, later ones on earlier ones."""
    colours = ground_colours(look)
    for area in areas:
        colour = varied(colours[area.kind], 0.09, rng)
        if area.kind == "field":
            colour = varied(look.season.crops[int(rng.integers(len(look.season.crops)))], 0.12, rng)
        canvas.polygon(area.outline, colour)
        if area.kind == "field":
            _rows_of_crops(canvas, area.corners, colour, rng)
        elif area.kind == "parking":
            _parked_cars(canvas, area.corners, rng)
        elif area.kind == "pitch":
            _pitch(canvas, area.corners, colour, rng)


def between(corners: Points, across: float, down: float) -> Points:
    """Return the place at two shares of an area's sides, [2]."""
    first, second, third, fourth = corners
    top, bottom = first + (second - first) * across, fourth + (third - fourth) * across
    place: Points = top + (bottom - top) * down
    return place


def _lengths(corners: Points) -> tuple[float, float]:
    """Return an area's width and height in metres."""
    width, height = corners[1] - corners[0], corners[3] - corners[0]
    return float(np.sqrt((width**2).sum())), float(np.sqrt((height**2).sum()))


def _rows_of_crops(canvas: Canvas, corners: Points, colour: Colour, rng: np.random.Generator) -> None:
    width, height = _lengths(corners)
    if upright := bool(rng.random() < 0.5):
        width, height = height, width
    dark, count = tinted(colour, rng.uniform(0.84, 0.95)), int(height / rng.uniform(4, 9))
    for number in range(count):
        share = (number + 0.5) / count
        ends = [(share, 0.0), (share, 1.0)] if upright else [(0.0, share), (1.0, share)]
        line = np.array([between(corners, *end) for end in ends])
        canvas.line(line, dark, height / count * 0.4)


def _parked_cars(canvas: Canvas, corners: Points, rng: np.random.Generator) -> None:
    """Draw rows of parking spaces and the cars in some of them."""
    width, height = _lengths(corners)
    if height > width:  # rows run along the longer side
        corners, width, height = np.roll(corners, -1, axis=0), height, width
    along = (corners[1] - corners[0]) / width
    full = rng.uniform(0.05, 0.65)
    for y in np.arange(3.5, height - 2, 8.5):
        ends = np.array([between(corners, share, y / height) for share in (0.03, 0.97)])
        canvas.line(ends, _WHITE)
        spaces = np.arange(3, width - 2, 2.9)
        for x in spaces[rng.random(len(spaces)) < full]:
            draw_car(canvas, between(corners, x / width, y / height), along[::-1] * [-1, 1], rng)


def _pitch(canvas: Canvas, corners: Points, colour: Colour, rng: np.random.Generator) -> None:
    if rng.random() < 0.3:  # a hard court
        canvas.polygon(corners, varied((150, 96, 76), 0.15, rng))
    else:
        for number in range(0, 8, 2):
            ends = [(number / 8, 0.0), ((number + 1) / 8, 0.0), ((number + 1) / 8, 1.0), (number / 8, 1.0)]
            canvas.polygon(np.array([between(corners, *end) for end in ends]), tinted(colour, 1.06))
    inner = np.array(
        [between(corners, *end) for end in ((0.05, 0.07), (0.95, 0.07), (0.95, 0.93), (0.05, 0.93))]
    )
    canvas.line(np.concatenate([inner, inner[:1]]), _WHITE, 0.5)
    canvas.line(np.array([between(corners, 0.5, 0.07), between(corners, 0.5, 0.93)]), _WHITE, 0.5)
