"""Find a sheet of paper that lies on a table, and cut it out as seen from above."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from model.sketch.drawings.reduction import reduced
from model.sketch.drawings.strokes import Mask, simplified

SEARCH_SIDE = 160
"""Longest side at which a sheet is searched for, in pixels."""
STROKES = 7
"""Side of the closing that removes dark strokes from a sheet, in pixels of the search."""
SMALLEST, LARGEST = 0.12, 0.97
"""Range of the share of the picture that a sheet takes."""
MIN_CONVEXITY = 0.92
"""Smallest share of its convex hull that a sheet fills."""
MIN_OVERLAP = 0.9
"""Smallest intersection over union of a sheet and a quadrilateral."""
MIN_ANGLE = 0.5
"""Sine of the smallest angle between a sheet's sides."""
MAX_BORDER = 0.3
"""Largest share of the picture's border that a sheet touches: one side and a little more."""
MIN_STEP = 0.06
"""Smallest difference in brightness between a sheet and its surroundings, as a share of the brightest."""
ACROSS = 4
"""Distance from a side at which the brightness in and outside of a sheet is compared, in search pixels."""
POINTS = 16
"""Points of each side at which it is compared."""
MIN_EDGE = 0.7
"""Smallest share of each side of a sheet across which it gets darker."""
LARGEST_SIDE = 1024
"""Longest side of a sheet that is cut out, in pixels."""
FURTHEST = 1.0
"""Largest distance of a corner from the picture's middle, in sides of the picture."""
INSET = 0.025
"""Share of a sheet's sides that is cut off: its edge and its shadow."""

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Thresholds of brightness to try, between the dark and the bright pixels."""
EDGES = (0.02, 0.035, 0.05)
"""Steps of brightness per pixel that count as an edge, to try."""

Grey = NDArray[np.float32]
Corners = NDArray[np.float64]
"""The corners (x, y) of a quadrilateral, clockwise from the upper left, [4, 2]."""


def cut_out_sheet(picture: Image.Image) -> Image.Image | None:
    """Return the sheet of paper on a table, seen from above; None if the picture shows no table around it.

    Args:
        picture: an RGB picture.
    """
    corners = find_sheet(picture)
    if corners is None or np.abs(corners / picture.size - 0.5).max() > FURTHEST:
        return None
    centre = corners.mean(0)
    inner = centre + (corners - centre) * (1 - 2 * INSET)
    top, right, bottom, left = np.hypot(*(np.roll(inner, -1, axis=0) - inner).T)
    scale = min(1.0, LARGEST_SIDE / max(top, right, bottom, left))
    width, height = round(scale * max(top, bottom)), round(scale * max(left, right))
    if min(width, height) < 16:
        return None
    coefficients = perspective(rectangle(width, height), inner)
    return picture.transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        coefficients,
        Image.Resampling.BICUBIC,
        fillcolor=_colour_within(picture, inner),
    )


def _colour_within(picture: Image.Image, corners: Corners) -> tuple[int, int, int]:
    """The median colour of a quadrilateral, at a few points of it."""
    across = np.linspace(0.05, 0.95, 12)
    upper, lower = (
        corners[start] + across[:, None] * (corners[end] - corners[start]) for start, end in ((0, 1), (3, 2))
    )
    points = (upper[None] + across[:, None, None] * (lower - upper)[None]).reshape(-1, 2).round().astype(int)
    shown = points[((points >= 0) & (points < picture.size)).all(1)]
    colours = [picture.getpixel((x, y)) for x, y in shown.tolist()]
    red, green, blue = np.median(np.array(colours), axis=0).round().astype(int).tolist()
    return red, green, blue


def perspective(output: Corners, picture: Corners) -> list[float]:
    """Coefficients for `Image.transform`, with which four points of the output show four of the picture."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(output.tolist(), picture.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    coefficients: list[float] = np.linalg.solve(np.array(rows), picture.ravel()).tolist()
    return coefficients


def rectangle(width: int, height: int) -> Corners:
    """The corners of a picture."""
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], float)


def find_sheet(picture: Image.Image) -> Corners | None:
    """Return the corners of a sheet of paper on a table, in pixels; None if there is none.

    A sheet is a convex area with four corners that is brighter than what surrounds it.
    """
    small = reduced(picture, SEARCH_SIDE)
    pixels = np.asarray(small, np.float32)
    pixels /= max(32.0, float(np.percentile(pixels, 97)))  # whatever the exposure
    best: tuple[float, Corners] | None = None
    for brightness in (pixels.min(2), pixels.mean(2)):  # white paper is bright in every colour
        for area in _areas(brightness):
            if (distinctness := _distinctness(area, brightness)) > (best[0] if best else 0.0):
                corners = _sheet_corners(area)
                if corners is not None and _has_edges(corners, brightness):
                    best = distinctness, corners
    if best is None:
        return None
    return (best[1] + 0.5) * picture.width / small.width


def _areas(brightness: Grey) -> Iterator[Mask]:
    """Areas that may be sheets: bright ones, without dark strokes, and smooth ones that edges surround."""
    low, high = np.percentile(brightness, [3, 97]).tolist()
    border = np.concatenate([brightness[0], brightness[-1], brightness[:, 0], brightness[:, -1]])
    if (border > high - MIN_STEP).mean() > MAX_BORDER:  # paper all around
        return
    for smooth in (
        ndimage.median_filter(brightness, 3),
        ndimage.median_filter(ndimage.grey_closing(brightness, (STROKES, STROKES)), 3),
    ):
        for share in LEVELS:
            yield from _pieces(smooth > low + (high - low) * share)
        edges = ndimage.gaussian_gradient_magnitude(smooth, 1.0)
        for step in EDGES:
            for piece in _pieces(edges < step):
                yield ndimage.binary_dilation(piece, iterations=2)


def _pieces(mask: Mask) -> Iterator[Mask]:
    """Connected pieces of a sheet's size, without holes."""
    numbers, count = ndimage.label(ndimage.binary_opening(mask, np.ones((3, 3))))
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:] / mask.size
    for number in (np.flatnonzero(sizes >= SMALLEST / 2) + 1).tolist():
        filled = ndimage.binary_fill_holes(numbers == number)
        if SMALLEST <= filled.mean() <= LARGEST:
            yield filled


def _distinctness(area: Mask, brightness: Grey) -> float:
    """How clearly an area's edge separates smooth paper from something darker; 0 if it does not."""
    border = np.concatenate([area[0], area[-1], area[:, 0], area[:, -1]])
    around = ndimage.binary_dilation(area, iterations=5) & ~ndimage.binary_dilation(area, iterations=2)
    inside = ndimage.binary_erosion(area, iterations=2, border_value=1) & ~ndimage.binary_erosion(
        area, iterations=5, border_value=1
    )
    if border.mean() > MAX_BORDER or not around.any() or not inside.any():
        return 0.0
    step = float(np.median(brightness[inside]) - np.median(brightness[around]))
    if step < MIN_STEP:
        return 0.0
    overlap = float((brightness[around] > np.percentile(brightness[inside], 25)).mean())
    return (1 - overlap) * step / (0.03 + float(brightness[inside].std()))


def _has_edges(corners: Corners, brightness: Grey) -> bool:
    """Whether it gets darker across all sides. At least half of their length must be within the picture."""
    height, width = brightness.shape
    centre = corners.mean(0)
    visible = 0
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = start + (end - start) * np.linspace(0.1, 0.9, POINTS)[:, None]
        normal = np.array([start[1] - end[1], end[0] - start[0]]) / max(1e-6, float(np.hypot(*(end - start))))
        outwards = normal * (1 if normal @ ((start + end) / 2 - centre) > 0 else -1)
        inner, outer = ((along + outwards * step).round().astype(int) for step in (-ACROSS, ACROSS))
        shown = ((np.minimum(inner, outer) >= 0) & (np.maximum(inner, outer) < (width, height))).all(1)
        visible += int(np.count_nonzero(shown))
        if np.count_nonzero(shown) < POINTS / 4:
            continue
        steps = brightness[inner[shown, 1], inner[shown, 0]] - brightness[outer[shown, 1], outer[shown, 0]]
        if (steps > MIN_STEP / 2).mean() < MIN_EDGE:
            return False
    return visible >= 2 * POINTS


def _sheet_corners(area: Mask) -> Corners | None:
    """The four corners of an area, if it is convex and has four; they may lie outside of the picture."""
    rows, columns = np.nonzero(area)
    points = np.stack([columns, rows], 1).astype(np.float32)
    try:
        hull = ConvexHull(points)
    except QhullError:
        return None
    if len(points) < MIN_CONVEXITY * hull.volume:
        return None
    corners = _meeting_points(_longest_sides(points[hull.vertices], area.shape))
    if corners is None:
        return None
    shape = Image.new("1", area.shape[::-1])
    ImageDraw.Draw(shape).polygon([(float(x), float(y)) for x, y in corners], fill=1)
    quadrilateral = np.asarray(shape)
    overlap = np.count_nonzero(area & quadrilateral) / np.count_nonzero(area | quadrilateral)
    return corners if overlap >= MIN_OVERLAP else None


def _longest_sides(outline: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The four longest sides of a convex outline [n, 2], not along the picture's border: [4, 2 ends, 2]."""
    start = int(np.hypot(*(outline - outline.mean(0)).T).argmax())
    closed = np.concatenate([np.roll(outline, -start, axis=0), outline[start : start + 1]])
    points = simplified(closed, 1.5).astype(np.float64)
    sides = np.stack([points[:-1], points[1:]], 1)
    edges = np.array([shape[1] - 1, shape[0] - 1])
    on_border = np.any(np.all((sides < 1.5) | (sides > edges - 1.5), axis=1), axis=1)
    within = sides[~on_border]
    lengths = np.hypot(*(within[:, 1] - within[:, 0]).T)
    longest: NDArray[np.float64] = within[np.sort(np.argsort(-lengths)[:4])]
    return longest


def _meeting_points(sides: NDArray[np.float64]) -> Corners | None:
    """Where the lines of four sides in order [4, 2, 2] meet; None if there are fewer, or two are parallel."""
    if len(sides) < 4:
        return None
    corners = []
    for (a, b), (c, d) in zip(sides, np.roll(sides, -1, axis=0), strict=True):
        directions = np.stack([b - a, c - d], 1)
        if abs(np.linalg.det(directions)) < MIN_ANGLE * np.hypot(*(b - a)) * np.hypot(*(d - c)):
            return None
        corners.append(a + np.linalg.solve(directions, c - a)[0] * (b - a))
    return _clockwise(np.array(corners))


def _clockwise(corners: NDArray[np.float64]) -> Corners:
    """Order four corners clockwise, from the one nearest to the upper left."""
    angles = np.arctan2(*(corners - corners.mean(0)).T[::-1])
    ordered = corners[np.argsort(angles)]
    return np.roll(ordered, -int(ordered.sum(1).argmin()), axis=0)
