"""Divides the ground into blocks with streets between them."""

from dataclasses import dataclass, replace

import numpy as np

from model.data.standins.maps.town.plan import SIDE, Street
from model.data.standins.maps.town.shapes import Points, Rectangle

REACH = 0.8 * SIDE
"""Metres from the middle that the grid covers; a turned picture's corner is 0.71 sides away."""
SMALLEST = 22.0
"""Metres that a block's side has at least."""


@dataclass(frozen=True)
class Grid:
    """How a town is divided.

    Attributes:
        block: length and width of a usual block in metres.
        jitter: how much streets leave the regular grid, as a share of a division.
        street: a street's width in metres.
        main: a main street's width in metres.
        open: the share of divisions that are left out, which gives larger blocks.
    """

    block: tuple[float, float]
    jitter: float
    street: float
    main: float
    open: float


@dataclass(frozen=True)
class _Plot:
    """A rectangle between the middles of four streets, and the streets' widths."""

    rectangle: Rectangle
    left: float
    top: float
    right: float
    bottom: float

    @property
    def block(self) -> Rectangle:
        outer = self.rectangle
        return Rectangle(
            outer.left + self.left / 2,
            outer.top + self.top / 2,
            outer.right - self.right / 2,
            outer.bottom - self.bottom / 2,
        )


def divide(grid: Grid, rng: np.random.Generator) -> tuple[list[Rectangle], list[Street]]:
    """Return the blocks and the streets between them, before they are bent."""
    blocks: list[Rectangle] = []
    streets: list[Street] = []
    whole = _Plot(Rectangle(-REACH, -REACH, REACH, REACH), 0.0, 0.0, 0.0, 0.0)
    waiting = [(whole, 0)]
    while waiting:
        plot, depth = waiting.pop()
        across, down = _counts(plot.rectangle, grid)
        if across * down == 1 or (across * down <= 3 and rng.random() < grid.open):
            if min(plot.block.width, plot.block.height) >= SMALLEST:
                blocks.append(plot.block)
            continue
        width = grid.main if depth < 2 and rng.random() < 0.75 else grid.street
        halves, line = _split(plot, across, down, width, grid.jitter, rng)
        streets.append(Street("main" if width == grid.main else "street", line, width))
        waiting += [(half, depth + 1) for half in halves]
    return blocks, streets


def _counts(plot: Rectangle, grid: Grid) -> tuple[int, int]:
    """Return how many usual blocks lie beside each other in a plot, across and down."""
    return max(1, round(plot.width / grid.block[0])), max(1, round(plot.height / grid.block[1]))


def _split(
    plot: _Plot, across: int, down: int, width: float, jitter: float, rng: np.random.Generator
) -> tuple[tuple[_Plot, _Plot], Points]:
    """Return the halves of a plot and the line of the street between them."""
    outer = plot.rectangle
    upright = across * outer.width >= down * outer.height if min(across, down) > 1 else across > 1
    count = across if upright else down
    share = (count // 2) / count + rng.uniform(-1, 1) * jitter / count
    steps = np.linspace(0, 1, 24)
    if upright:
        x = outer.left + share * outer.width
        halves = (
            replace(plot, rectangle=replace(outer, right=x), right=width),
            replace(plot, rectangle=replace(outer, left=x), left=width),
        )
        return halves, np.stack([np.full(24, x), outer.top + steps * outer.height], axis=1)
    y = outer.top + share * outer.height
    halves = (
        replace(plot, rectangle=replace(outer, bottom=y), bottom=width),
        replace(plot, rectangle=replace(outer, top=y), top=width),
    )
    return halves, np.stack([outer.left + steps * outer.width, np.full(24, y)], axis=1)
