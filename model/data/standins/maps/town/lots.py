"""Fills a block with what one use of the ground has: houses, halls, a park.

All functions take a block that is wider than high, before it is bent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from model.data.standins.maps.town.plan import Area, Building, Street
from model.data.standins.maps.town.shapes import Points, Rectangle, blob


@dataclass(frozen=True)
class Lot:
    """What a block contains."""

    areas: list[Area] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    paths: list[Street] = field(default_factory=list)
    ponds: list[Points] = field(default_factory=list)


def houses(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Detached houses in rows along the two long sides."""
    lot = Lot([Area("yard", block.outline)])
    setback, pitch = rng.uniform(4, 8), rng.uniform(13, 19)
    for side in (1, -1) if block.height > 42 else (int(rng.choice([1, -1])),):
        street = block.top if side > 0 else block.bottom
        for x in np.arange(block.left + 2, block.right - pitch + 1, pitch):
            if rng.random() < 0.06:
                continue
            _house(lot, x + rng.uniform(1, 3), street, side, pitch - rng.uniform(4, 7), setback, rng)
    return lot


def _house(
    lot: Lot, x: float, street: float, side: int, width: float, setback: float, rng: np.random.Generator
) -> None:
    near = street + side * (setback + rng.uniform(-1.5, 1.5))
    far = near + side * rng.uniform(8, 11.5)
    parts = [_between(x, near, x + width, far)]
    if rng.random() < 0.45:
        start = x + rng.uniform(0, 0.45) * width
        parts.append(_between(start, far - side, start + 0.55 * width, far + side * rng.uniform(3, 5)))
    lot.buildings.append(Building(tuple(part.corners for part in parts), rng.uniform(5, 9), flat=False))
    if rng.random() < 0.55:
        drive = x + width - 3 if rng.random() < 0.5 else x - 1
        lot.areas.append(Area("drive", _between(drive, street, drive + 3, near).outline))
    chance = rng.random()
    yard = far + side * rng.uniform(6, 8)
    if chance < 0.3:
        shed = _between(x, yard, x + rng.uniform(3, 6), yard + side * rng.uniform(3, 5))
        lot.buildings.append(Building((shed.corners,), 3.0, flat=bool(rng.random() < 0.5)))
    elif chance < 0.37:
        lot.areas.append(Area("pool", _between(x + 1, yard, x + 8, yard + side * 4).outline))


def terraces(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Rows of houses that touch each other, with gardens behind."""
    lot = Lot([Area("yard", block.outline)])
    depth, setback, height = rng.uniform(8.5, 11), rng.uniform(1, 5), rng.uniform(7, 12)
    rows = [(block.top + setback, depth)]
    if block.height > 2 * (depth + setback) + 8:
        rows.append((block.bottom - setback, -depth))
    for near, reach in rows:
        x = block.left + rng.uniform(1, 4)
        while x < block.right - 24:
            end = min(x + rng.uniform(24, 60), block.right - 1)
            part = _between(x, near, end, near + reach)
            lot.buildings.append(Building((part.corners,), height, flat=False))
            x = end + (0.0 if rng.random() < 0.3 else rng.uniform(3, 7))
    return lot


def perimeter(block: Rectangle, rng: np.random.Generator) -> Lot:
    """A city block: buildings along all four sides and a courtyard."""
    lot = Lot([Area("paved", block.outline)])
    depth = min(rng.uniform(12, 16), block.height / 2)
    edge = block.inset(1.0)
    if block.height - 2 * depth > 8 and rng.random() < 0.6:
        lot.areas.append(Area("yard", block.inset(depth + 1).outline))
    rows = [
        Rectangle(edge.left, edge.top, edge.right, edge.top + depth),
        Rectangle(edge.left, edge.bottom - depth, edge.right, edge.bottom),
    ]
    inner = Rectangle(edge.top + depth, edge.left, edge.bottom - depth, edge.left + depth)
    sides = [inner, Rectangle(inner.left, edge.right - depth, inner.right, edge.right)]
    for row in [*rows, *(side.transposed for side in sides if side.width > 6)]:
        lot.buildings.extend(_row(row, rng))
    return lot


def _row(row: Rectangle, rng: np.random.Generator) -> list[Building]:
    """Return the buildings that fill a row, each a piece of its longer side."""
    long, upright = (row.transposed, True) if row.height > row.width else (row, False)
    buildings, x = [], long.left
    while x < long.right - 1:
        end = x + rng.uniform(10, 28)
        end = long.right if end > long.right - 9 else end
        if rng.random() < 0.95:
            part = Rectangle(x, long.top, end, long.bottom)
            corners = part.transposed.corners if upright else part.corners
            buildings.append(Building((corners,), rng.uniform(9, 24), flat=bool(rng.random() < 0.7)))
        x = end
    return buildings


def towers(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Tall buildings that stand alone."""
    lot = Lot([Area("paved" if rng.random() < 0.4 else "yard", block.outline)])
    count = max(1, int(block.width // rng.uniform(36, 52)))
    rows = 2 if block.height > 72 else 1
    slab = rng.random() < 0.5
    for column in range(count):
        for row in range(rows):
            cell = block.columns(column / count, (column + 1) / count)
            cell = cell.transposed.columns(row / rows, (row + 1) / rows).transposed.inset(5.0)
            if rng.random() < 0.12:
                lot.areas.append(Area("parking", cell.outline))
                continue
            width = min(cell.width, rng.uniform(14, 18) if slab else rng.uniform(16, 32))
            depth = min(cell.height, rng.uniform(24, 50) if slab else rng.uniform(16, 30))
            x = cell.left + rng.uniform(0, 1) * (cell.width - width)
            y = cell.top + rng.uniform(0, 1) * (cell.height - depth)
            part = Rectangle(x, y, x + width, y + depth)
            lot.buildings.append(Building((part.corners,), rng.uniform(16, 45), flat=True))
    return lot


def halls(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Large halls beside a parking lot."""
    lot = Lot([Area("industry", block.outline)])
    share = rng.uniform(0.5, 0.72)
    mirrored = rng.random() < 0.5
    built = block.columns(1 - share, 1.0) if mirrored else block.columns(0.0, share)
    rest = block.columns(0.0, 1 - share) if mirrored else block.columns(share, 1.0)
    lot.areas.append(Area("parking", rest.inset(2.5).outline))
    count = 1 if built.width < 60 else int(rng.integers(1, 4))
    for number in range(count):
        hall = built.columns(number / count, (number + 1) / count).inset(rng.uniform(3, 7))
        parts = [hall.columns(0.0, rng.uniform(0.75, 1)).corners]
        lot.buildings.append(Building(tuple(parts), rng.uniform(7, 13), flat=bool(rng.random() < 0.75)))
    return lot


def school(block: Rectangle, rng: np.random.Generator) -> Lot:
    """A building with two wings, a sports pitch and a parking lot."""
    lot = Lot([Area("school", block.outline)])
    pitch, built = block.columns(0.0, 0.45).inset(5.0), block.columns(0.48, 1.0).inset(5.0)
    lot.areas.append(Area("pitch", pitch.outline))
    depth = min(13.0, built.height / 3)
    spine = Rectangle(built.left, built.top, built.right, built.top + depth)
    parts = [spine.corners]
    for start in (0.0, rng.uniform(0.4, 0.7)):
        wing = spine.columns(start, start + 0.25)
        reach = rng.uniform(0.4, 0.9) * (built.height - depth)
        parts.append(_between(wing.left, spine.bottom - 1, wing.right, spine.bottom + reach).corners)
    lot.buildings.append(Building(tuple(parts), rng.uniform(7, 12), flat=bool(rng.random() < 0.8)))
    return lot


def park(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Lawn and trees with paths, perhaps a pond and a pitch."""
    lot = Lot([Area("park", block.outline)])
    for _ in range(int(rng.integers(1, 4))):
        lot.paths.append(Street("path", _crossing(block, rng), rng.uniform(2.2, 3.5)))
    if rng.random() < 0.4:
        x, y = block.left + rng.uniform(0.3, 0.7) * block.width, block.centre[0, 1]
        lot.ponds.append(blob(np.array([[x, y]]), rng.uniform(0.22, 0.36) * block.height, rng))
    elif rng.random() < 0.5:
        start = rng.uniform(0.05, 0.5)
        lot.areas.append(Area("pitch", block.columns(start, start + 0.4).inset(8.0).outline))
    return lot


def _crossing(block: Rectangle, rng: np.random.Generator) -> Points:
    """Return a curved line from one side of a block to another."""
    steps = np.linspace(0, 1, 16)
    start, end = rng.uniform(0, 1, 2)
    swing = rng.uniform(-0.35, 0.35) * 4 * steps * (1 - steps)
    share = np.clip(start + (end - start) * steps + swing, 0, 1)
    if rng.random() < 0.5:
        return np.stack([block.left + steps * block.width, block.top + share * block.height], axis=1)
    return np.stack([block.left + share * block.width, block.top + steps * block.height], axis=1)


def fields(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Strips of crops, perhaps a farm at one end."""
    lot = Lot([Area("yard", block.outline)])
    farm = rng.random() < 0.3
    ground = block.columns(0.0, 0.72) if farm else block
    edges = np.linspace(0, 1, int(rng.integers(2, 5)))
    upright = rng.random() < 0.5
    for start, end in pairwise(edges.tolist()):
        strip = ground.columns(start, end) if upright else ground.transposed.columns(start, end).transposed
        lot.areas.append(Area("field", strip.inset(1.5).outline))
    if farm:
        yard = block.columns(0.76, 1.0).inset(6.0)
        for _ in range(int(rng.integers(2, 5))):
            width, depth = rng.uniform(8, 14), rng.uniform(10, 24)
            x = yard.left + rng.uniform(0, 1) * max(0.0, yard.width - width)
            y = yard.top + rng.uniform(0, 1) * max(0.0, yard.height - depth)
            barn = Rectangle(x, y, x + width, y + depth)
            lot.buildings.append(Building((barn.corners,), rng.uniform(5, 9), flat=False))
    return lot


def wood(block: Rectangle, rng: np.random.Generator) -> Lot:
    """Trees that stand close, with one path."""
    path = Street("path", _crossing(block, rng), rng.uniform(2.2, 3.5))
    return Lot([Area("wood", block.outline)], paths=[path])


def parking(block: Rectangle, rng: np.random.Generator) -> Lot:
    """A block that is one parking lot."""
    return Lot([Area("paved", block.outline), Area("parking", block.inset(rng.uniform(2, 4)).outline)])


def _between(x: float, y: float, end_x: float, end_y: float) -> Rectangle:
    return Rectangle(min(x, end_x), min(y, end_y), max(x, end_x), max(y, end_y))


Use = Callable[[Rectangle, np.random.Generator], Lot]
