"""Points, outlines, and the smooth map that bends a town's grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Places in metres, [n, 2]."""


@dataclass(frozen=True)
class Rectangle:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> Points:
        return np.array([[(self.left + self.right) / 2, (self.top + self.bottom) / 2]])

    @property
    def corners(self) -> Points:
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])

    @property
    def outline(self) -> Points:
        """The outline with four points a side, so that it can be bent, [16, 2]."""
        corners = self.corners
        steps = np.linspace(0, 1, 4, endpoint=False)[None, :, None]
        following = np.roll(corners, -1, axis=0)
        sides: Points = corners[:, None] * (1 - steps) + following[:, None] * steps
        return sides.reshape(-1, 2)

    @property
    def transposed(self) -> "Rectangle":
        return Rectangle(self.top, self.left, self.bottom, self.right)

    def inset(self, margin: float) -> "Rectangle":
        return Rectangle(self.left + margin, self.top + margin, self.right - margin, self.bottom - margin)

    def columns(self, start: float, end: float) -> "Rectangle":
        """Return the part between two shares of the width."""
        return Rectangle(self.left + start * self.width, self.top, self.left + end * self.width, self.bottom)


@dataclass(frozen=True)
class Bend:
    """Turns and shifts a grid and bends its lines into waves.

    Attributes:
        angle: the turn in radians.
        shift: metres to the right and down.
        heights: the waves' heights in metres along both axes.
        lengths: the waves' lengths in metres.
        phases: where the waves begin, in radians.
    """

    angle: float
    shift: tuple[float, float]
    heights: tuple[float, float]
    lengths: tuple[float, float]
    phases: tuple[float, float]

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Bend":
        straight = rng.random() < 0.4
        angle = rng.uniform(0, np.pi / 2) if rng.random() < 0.7 else rng.normal(0, 0.05)
        shift = rng.uniform(-60, 60, 2)
        heights = (0.0 if straight else 1.0) * rng.uniform(4, 17, 2)
        lengths, phases = rng.uniform(260, 520, 2), rng.uniform(0, 2 * np.pi, 2)
        return cls(angle, *((float(a), float(b)) for a, b in (shift, heights, lengths, phases)))

    def __call__(self, points: Points) -> Points:
        """Return where points of the grid lie in the picture, in whole millimetres.

        Sines differ between processors in their last bit. Rounding makes the towns equal on all of them.
        """
        waves = np.sin(2 * np.pi * points[:, ::-1] / np.array(self.lengths) + np.array(self.phases))
        x, y = (points + waves * np.array(self.heights)).T
        sine, cosine = np.sin(self.angle), np.cos(self.angle)
        turned = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)
        bent: Points = turned + np.array(self.shift)
        return np.round(bent, 3)


def ribbon(line: Points, width: float) -> Points:
    """Return the outline of a line with a width, [2 n, 2]."""
    along = np.gradient(line, axis=0)
    length = np.sqrt((along**2).sum(1, keepdims=True))
    across = along[:, ::-1] / length * np.array([-1.0, 1.0]) * (width / 2)
    return np.concatenate([line + across, (line - across)[::-1]])


def blob(centre: Points, radius: float, rng: np.random.Generator) -> Points:
    """Return a round outline with waves, [48, 2]."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    wave = np.ones(48)
    for order in (2, 3, 5):
        wave += rng.uniform(0, 0.35) / order * np.sin(order * angles + rng.uniform(0, 2 * np.pi))
    stretch = rng.uniform(0.6, 1.0)
    circle = np.stack([np.cos(angles), np.sin(angles) * stretch], axis=1)
    outline: Points = centre + radius * wave[:, None] * circle
    return np.round(outline, 3)


def wavy_line(middle: Points, angle: float, length: float, height: float, rng: np.random.Generator) -> Points:
    """Return a line through a place with two waves of up to `height` metres, [40, 2]."""
    along = np.linspace(-length / 2, length / 2, 40)
    across = np.zeros(40)
    for order in (1, 2):
        phase = rng.uniform(0, 2 * np.pi)
        across += rng.uniform(0.2, 1) * height / order * np.sin(along * order / 110 + phase)
    across -= across[20]
    x = np.cos(angle) * along - np.sin(angle) * across
    y = np.sin(angle) * along + np.cos(angle) * across
    line: Points = middle + np.stack([x, y], axis=1)
    return np.round(line, 3)
