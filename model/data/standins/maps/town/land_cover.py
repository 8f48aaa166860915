"""What covers each square metre of a town, and which buildings keep clear of given ground."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.data.standins.maps.town.plan import SIDE, Building, Town
from model.data.standins.maps.town.shapes import Points

COVERS = (
    "ground", "yard", "paved", "industry", "school", "park", "wood", "field", "parking", "pitch", "drive",
    "pool", "verge", "bank", "beach", "path", "street", "main", "rail", "highway", "building", "water",
)  # fmt: skip
"""The covers' names; a pixel's number is its name's place here."""

Cover = NDArray[np.uint8]
"""Numbers of covers, one a square metre, [SIDE, SIDE]."""


def land_cover(town: Town) -> Cover:
    """Return what lies on top everywhere, without a satellite picture's trees and cars."""
    image = Image.new("L", (int(SIDE), int(SIDE)))
    draw = ImageDraw.Draw(image)

    def fill(points: Points, name: str) -> None:
        draw.polygon((points + SIDE / 2).ravel().tolist(), fill=COVERS.index(name))

    for area in town.areas:
        fill(area.outline, area.kind)
    for street in town.streets_on_the_ground:
        fill(street.outline, street.kind)
    for area in town.shores:
        fill(area.outline, area.kind)
    for water in town.waters:
        fill(water, "water")
    for street in town.bridges:
        fill(street.outline, street.kind)
    for building in town.buildings:
        for part in building.parts:
            fill(part, "building")
    return np.asarray(image)


def keep_clear(buildings: Sequence[Building], outlines: Sequence[Points]) -> tuple[Building, ...]:
    """Return the buildings of which no corner, middle or side's middle lies in an outline."""
    if not buildings or not outlines:
        return tuple(buildings)
    image = Image.new("1", (int(SIDE), int(SIDE)))
    draw = ImageDraw.Draw(image)
    for outline in outlines:
        draw.polygon((outline + SIDE / 2).ravel().tolist(), fill=1)
    taken = np.pad(np.asarray(image), 1)  # places outside of the picture are clear
    parts = np.stack([part for building in buildings for part in building.parts])
    places = np.concatenate([parts, (parts + np.roll(parts, 1, 1)) / 2, parts.mean(1, keepdims=True)], 1)
    columns, rows = np.clip(np.floor(places + SIDE / 2 + 1), 0, SIDE + 1).astype(int).transpose(2, 0, 1)
    hits = taken[rows, columns].any(1)
    ends = np.cumsum([len(building.parts) for building in buildings])[:-1]
    return tuple(
        building
        for building, of_parts in zip(buildings, np.split(hits, ends), strict=True)
        if not of_parts.any()
    )
