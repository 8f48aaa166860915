"""The cameras: 24 azimuths around the car at 4 elevations, as in Cars."""

import math
from dataclasses import dataclass

import numpy as np

from model.data.cars import VIEWS
from model.data.standins.cars.rendering.mesh import Floats

ELEVATION_DEGREES = (5.0, 12.0, 19.0, 26.0)
"""Our choice: the data set's own are not published."""
HALF_FIELD = math.tan(math.radians(13.0))
"""Half the picture's width at a distance of 1."""


@dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at the middle of a car.

    Attributes:
        eye: where it is, [3].
        right: direction of the picture's columns, [3].
        up: direction against the picture's rows, [3].
        ahead: direction of sight, [3].
    """

    eye: Floats
    right: Floats
    up: Floats
    ahead: Floats

    def project(self, points: Floats, size: int) -> Floats:
        """Return column, row (in pixels, rows downwards) and 1 / depth of points, [n, 3]."""
        relative = points - self.eye
        over_depth = 1 / (relative @ self.ahead)
        scale = size / 2 * over_depth / HALF_FIELD
        columns, rows = size / 2 + relative @ self.right * scale, size / 2 - relative @ self.up * scale
        return np.stack([columns, rows, over_depth], axis=-1)

    def rays(self, size: int) -> Floats:
        """Return the direction of sight through each pixel's centre, row by row, [size * size, 3]."""
        steps = ((np.arange(size) + 0.5) * 2 / size - 1) * HALF_FIELD
        rays = self.ahead + steps[None, :, None] * self.right - steps[:, None, None] * self.up
        return np.asarray(rays.reshape(-1, 3))


def camera_at(view: int, elevation: int, *, length: float, height: float) -> Camera:
    """Return the camera of one picture. View 0 is the front, and 12 the rear.

    Args:
        view: 0-23, in steps of 15 degrees; 6 sees the car's left side.
        elevation: 0-3, from low to high.
        length: the car's length in metres. A long car is seen from farther away.
        height: the car's height in metres.
    """
    azimuth, up = np.radians(view * 360 / VIEWS), np.radians(ELEVATION_DEGREES[elevation])
    towards = np.array([np.cos(up) * np.cos(azimuth), np.cos(up) * np.sin(azimuth), np.sin(up)])
    ahead = -towards
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    distance = 12.6 * (length / 4.8) ** 0.6
    eye = np.array([0.0, 0.0, 0.43 * height]) + distance * towards
    return Camera(eye, right, np.cross(right, ahead), ahead)
