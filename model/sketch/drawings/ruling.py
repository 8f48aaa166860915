"""Remove the printed lines of lined and squared paper from a drawing."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.sketch.drawings.strokes import Mask

MIN_SIDE = 128
"""Smallest side of a picture that may show printed lines, in pixels."""
SLOPES = np.tan(np.radians(np.arange(-8, 8.5, 0.5)))
"""Slopes at which lines are searched for."""
MIN_CROSSINGS = 8
"""Fewest pieces of ink on the picture's border; with fewer, it has no printed lines."""
MIN_COVERAGE = 0.6
"""Smallest share of the picture's width that a printed line covers."""
MARGIN_COVERAGE = 0.85
"""Smallest share of the width that the single line of a margin covers."""
BEYOND = 0.05
"""How much longer a single line is than the rest of the drawing on each side, as a share of the width."""
MIN_LINES = 5
"""Fewest lines of one direction."""
MAX_IRREGULARITY = 0.2
"""Largest deviation of the distance between printed lines, as a share of it."""
BAND = 2
"""Pixels on each side of a printed line's centre that belong to it."""
DARKER = 1.5
"""Ink on a printed line is this many times darker than the line."""
MIN_REST = 0.05
"""Smallest share of the ink that is left. If less would be left, the lines are the drawing."""

Grey = NDArray[np.float32]
Line = tuple[int, float]
"""The row of a line at the left edge, and its slope."""


def without_ruling(contrast: Grey, threshold: float) -> Grey:
    """Return the contrast to the paper [h, w] without printed lines; strokes that cross them stay.

    Args:
        contrast: difference between each pixel and the paper.
        threshold: smallest contrast of a printed line.
    """
    if min(contrast.shape) < MIN_SIDE:
        return contrast
    dark = contrast > threshold
    crossings = _crossings(dark)
    if crossings < 2:
        return contrast
    rows, columns = (_ruled(dark), _ruled(dark.T)) if crossings >= MIN_CROSSINGS else ([], [])
    rows, columns = (
        rows or _long_lines(dark, ruled=bool(columns)),
        columns or _long_lines(dark.T, ruled=bool(rows)),
    )
    cleaned = _without_lines(_without_lines(contrast, rows).T, columns).T
    rest = np.count_nonzero(cleaned > threshold)
    return cleaned if rest >= MIN_REST * np.count_nonzero(dark) else contrast


def _crossings(dark: Mask) -> int:
    """Number of separate dark pieces along the picture's border."""
    border = np.concatenate([dark[1], dark[:, -2], dark[-2, ::-1], dark[::-1, 1]])
    return int(np.count_nonzero(border & ~np.roll(border, 1)))


def _ruled(dark: Mask) -> list[Line]:
    """Evenly spaced lines that are nearly horizontal; none if there are few."""
    best: list[Line] = []
    strength = 0.0
    for slope, rows, covered in _peaks(dark, MIN_COVERAGE):
        even = _evenly_spaced(rows)
        found = float(covered[even].sum())
        if np.count_nonzero(even) >= MIN_LINES and found > strength:
            best, strength = [(row, slope) for row in rows[even].tolist()], found
    return best


def _long_lines(dark: Mask, *, ruled: bool) -> list[Line]:
    """Lines that are nearly horizontal and cross the whole picture, such as the margin of lined paper.

    On paper that is not `ruled`, they must be longer than the rest of the drawing on both sides.
    """
    found = [
        (float(covered.max()), [(row, slope) for row in rows.tolist()])
        for slope, rows, covered in _peaks(dark, MARGIN_COVERAGE)
        if len(rows)
    ]
    lines = max(found, default=(0.0, []))[1]
    if ruled or not lines:
        return lines
    rest = np.flatnonzero((_without_lines(dark.astype(np.float32), lines) > 0).any(0))
    free = BEYOND * dark.shape[1]
    return lines if len(rest) and rest[0] >= free and rest[-1] < dark.shape[1] - free else []


def _peaks(dark: Mask, least: float) -> Iterator[tuple[float, NDArray[np.int64], NDArray[np.float64]]]:
    """For each slope: rows, at the left edge, of lines with many dark pixels, and the dark share of each."""
    wide = dark.copy()
    wide[:-1] |= dark[1:]  # a line may lie between two rows
    down, across = np.nonzero(wide)
    for slope in SLOPES.tolist():
        at = (down - slope * across).round().astype(int)
        lowest = int(at.min(initial=0))
        covered = np.bincount(at - lowest) / dark.shape[1]
        highest = (covered >= np.append(covered[1:], 0)) & (covered > np.append(0, covered[:-1]))
        rows = np.flatnonzero(highest & (covered >= least))
        yield slope, rows + lowest, covered[rows]


def _evenly_spaced(rows: NDArray[np.int64]) -> Mask:
    """Which rows have the usual distance, or a multiple of it, to a neighbour; ink may hide lines."""
    gaps = np.diff(rows).astype(float)
    wide = gaps[gaps > 2 * BAND]
    if not len(wide):
        return np.zeros(len(rows), bool)
    usual = float(np.median(wide))
    regular = np.abs(gaps / np.maximum(1, np.round(gaps / usual)) - usual) <= MAX_IRREGULARITY * usual
    return np.asarray(np.append(regular, False) | np.append(False, regular))


def _without_lines(contrast: Grey, lines: list[Line]) -> Grey:
    """Remove lines that are nearly horizontal, except for strokes across or upon them."""
    cleaned = contrast.copy()
    height, width = contrast.shape
    across, beyond = np.arange(width), BAND + 2
    for row, slope in lines:
        centre = (row + slope * across).round().astype(int)
        inside = (centre >= beyond) & (centre < height - beyond)
        columns, middle = across[inside], centre[inside]
        near = (centre >= -BAND) & (centre < height + BAND) & ~inside
        for step in range(-BAND, BAND + 1):
            cleaned[(centre[near] + step).clip(0, height - 1), across[near]] = 0
        if not len(columns):
            continue
        band = np.stack([contrast[middle + step, columns] for step in range(-BAND, BAND + 1)])
        level = float(np.median(band.max(0)))
        beside = [
            np.maximum(
                contrast[middle + side * (BAND + 1), columns], contrast[middle + side * beyond, columns]
            )
            for side in (-1, 1)
        ]
        crossed = np.minimum(band, np.minimum(*beside))
        for place, step in enumerate(range(-BAND, BAND + 1)):
            upon = band[place] > DARKER * level
            cleaned[middle + step, columns] = np.where(upon, band[place], crossed[place])
    return cleaned
