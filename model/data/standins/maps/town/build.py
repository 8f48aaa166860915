"""Builds a town from random numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.data.standins.maps.town import lots
from model.data.standins.maps.town.blocks import Grid, divide
from model.data.standins.maps.town.land_cover import keep_clear
from model.data.standins.maps.town.lots import Lot, Use
from model.data.standins.maps.town.plan import SIDE, Area, Building, Street, Town
from model.data.standins.maps.town.shapes import Bend, Points, Rectangle, ribbon, wavy_line
from model.data.standins.maps.town.water import random_waters

Uses = Mapping[Use, int]
"""How often a block has each use, relative to the others."""


@dataclass(frozen=True)
class Character:
    """A kind of town.

    Attributes:
        share: of the towns that are of this kind.
        length: range of a usual block's length in metres.
        width: range of its width.
        uses: what its blocks are used for.
    """

    share: float
    length: tuple[float, float]
    width: tuple[float, float]
    uses: Uses


MARGIN = 35.0
"""Metres around the picture in which a town's parts are kept."""
SUBURB: Uses = {lots.houses: 70, lots.park: 9, lots.wood: 6, lots.school: 7, lots.halls: 5}
TERRACES: Uses = {lots.terraces: 60, lots.houses: 14, lots.park: 9, lots.parking: 5, lots.halls: 8}
CENTRE: Uses = {lots.perimeter: 62, lots.towers: 12, lots.park: 10, lots.parking: 10}
ESTATE: Uses = {lots.towers: 58, lots.park: 14, lots.school: 10, lots.parking: 9, lots.halls: 9}
INDUSTRY: Uses = {lots.halls: 66, lots.parking: 9, lots.houses: 8, lots.wood: 8, lots.fields: 9}
COUNTRY: Uses = {lots.fields: 58, lots.houses: 14, lots.wood: 24, lots.halls: 4}
CHARACTERS = (
    Character(0.30, length=(90.0, 170.0), width=(50.0, 66.0), uses=SUBURB),
    Character(0.16, length=(70.0, 130.0), width=(46.0, 60.0), uses=TERRACES),
    Character(0.18, length=(60.0, 110.0), width=(46.0, 70.0), uses=CENTRE),
    Character(0.10, length=(90.0, 140.0), width=(60.0, 90.0), uses=ESTATE),
    Character(0.12, length=(90.0, 160.0), width=(60.0, 90.0), uses=INDUSTRY),
    Character(0.14, length=(150.0, 230.0), width=(90.0, 150.0), uses=COUNTRY),
)


def build_town(rng: np.random.Generator) -> Town:
    """Return a random town that fills the picture."""
    character = CHARACTERS[int(rng.choice(len(CHARACTERS), p=[kind.share for kind in CHARACTERS]))]
    bend = Bend.random(rng)
    blocks, streets = divide(_random_grid(character, rng), rng)
    uses, weights = list(character.uses), np.array(list(character.uses.values()), np.float64)
    lot = Lot()
    for block in blocks:
        use = uses[int(rng.choice(len(uses), p=weights / weights.sum()))]
        if _near(bend(block.centre), (block.width + block.height) / 2):
            _add(lot, use, block, rng)
    lot, streets = _bent(lot, streets, bend)
    areas = [area for area in lot.areas if _in_view(area.outline)]
    buildings = [building for building in lot.buildings if any(map(_in_view, building.parts))]
    waters, lines = random_waters(rng), list(_lines(rng))
    verges = tuple(Area("verge", np.round(ribbon(line.line, line.width * 2), 3)) for line in lines)
    crossing = [
        replace(street, bridges=waters.narrow and street.kind == "main")
        for street in streets
        if _in_view(street.line)
    ]
    taken = [*(area.outline for area in (*waters.shores, *verges)), *waters.outlines]
    return Town(
        areas=(*areas, *verges),
        buildings=keep_clear(buildings, taken),
        streets=(*lot.paths, *crossing, *lines),
        shores=waters.shores,
        waters=(*lot.ponds, *waters.outlines),
    )


def _random_grid(character: Character, rng: np.random.Generator) -> Grid:
    return Grid(
        block=(rng.uniform(*character.length), rng.uniform(*character.width)),
        jitter=0.0 if rng.random() < 0.4 else rng.uniform(0.05, 0.3),
        street=rng.uniform(6.5, 10),
        main=rng.uniform(12, 18),
        open=rng.uniform(0.02, 0.15),
    )


def _near(centre: Points, reach: float) -> bool:
    return bool((np.abs(centre) < SIDE / 2 + reach).all())


def _in_view(points: Points) -> bool:
    """Return whether the box around some points touches the picture and what throws shadows into it."""
    edge = SIDE / 2 + MARGIN
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return bool(left < edge and right > -edge and top < edge and bottom > -edge)


def _add(lot: Lot, use: Use, block: Rectangle, rng: np.random.Generator) -> None:
    """Fill one block; a block that is higher than wide is filled lying, then turned."""
    turned = block.height > block.width
    added = use(block.transposed if turned else block, rng)
    if turned:
        points = [part[:, ::-1] for part in _points(added)]
        added = _with_points(added, points)
    lot.areas.extend(added.areas)
    lot.buildings.extend(added.buildings)
    lot.paths.extend(added.paths)
    lot.ponds.extend(added.ponds)


def _points(lot: Lot) -> list[Points]:
    """Return all points of a lot, in the order of `_with_points`."""
    return [
        *(area.outline for area in lot.areas),
        *(part for building in lot.buildings for part in building.parts),
        *(path.line for path in lot.paths),
        *lot.ponds,
    ]


def _with_points(lot: Lot, points: Sequence[Points]) -> Lot:
    """Return a lot with other points, in the order of `_points`."""
    following = iter(points)
    return Lot(
        [Area(area.kind, next(following)) for area in lot.areas],
        [
            Building(tuple(next(following) for _ in building.parts), building.height, building.flat)
            for building in lot.buildings
        ],
        [replace(path, line=next(following)) for path in lot.paths],
        list(following),
    )


def _bent(lot: Lot, streets: list[Street], bend: Bend) -> tuple[Lot, list[Street]]:
    points = [*_points(lot), *(street.line for street in streets)]
    ends = np.cumsum([len(part) for part in points])[:-1]
    placed = np.split(bend(np.concatenate(points)), ends)
    count = len(streets)
    bent_streets = [replace(street, line=line) for street, line in zip(streets, placed[-count:], strict=True)]
    return _with_points(lot, placed[:-count]), bent_streets


def _lines(rng: np.random.Generator) -> Iterator[Street]:
    """Yield a railway and a highway, each in some towns only."""
    for kind, chance, widths in (("rail", 0.16, (7, 14)), ("highway", 0.24, (22, 32))):
        if rng.random() < chance:
            middle = rng.uniform(-0.35, 0.35, (1, 2)) * SIDE
            line = wavy_line(middle, rng.uniform(0, np.pi), 2.4 * SIDE, rng.uniform(5, 40), rng)
            yield Street("rail" if kind == "rail" else "highway", line, rng.uniform(*widths), bridges=True)
