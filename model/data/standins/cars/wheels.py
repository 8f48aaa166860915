"""A car's wheels: a tyre around a rim."""

import numpy as np

from model.data.standins.cars.body import half_width_of
from model.data.standins.cars.design import Design
from model.data.standins.cars.rendering.mesh import Floats, Mesh, Part, grid_mesh

_AROUND = 26
_PROUD = 0.012
"""How far a wheel stands out of the body's side, in metres. The body's arches are painted, not cut."""


def wheel_centres(design: Design) -> list[Floats]:
    """Return the middle of each wheel's outer face, [3] each: the left wheels, then the right ones."""
    halves = half_width_of(design, np.array(design.axles)) + _PROUD
    return [
        np.array([x, side * half, design.wheel])
        for side in (1.0, -1.0)
        for x, half in zip(design.axles, halves, strict=True)
    ]


def wheel_meshes(design: Design) -> list[Mesh]:
    """Return the four wheels, and the spare one on the tail if the car has one."""
    thick = 0.16 + 0.2 * design.wheel
    meshes = [_wheel(design, at, thick * float(np.sign(at[1])), (0, 2)) for at in wheel_centres(design)]
    if design.fittings.spare_wheel:
        meshes.append(_wheel(design, spare_centre(design), -0.2, (1, 2)))
    return meshes


def spare_centre(design: Design) -> Floats:
    """Return the middle of the spare wheel's face, [3]."""
    return np.array([-design.length / 2 - 0.17, 0.0, design.clear + 1.6 * design.wheel + 0.1])


def _wheel(design: Design, face: Floats, thick: float, plane: tuple[int, int]) -> Mesh:
    """Return a wheel around the axis that `plane` leaves out.

    Args:
        design: the car.
        face: the middle of its outer face, [3].
        thick: its width along the axis, with the sign of the way outwards.
        plane: the two axes of the face.
    """
    rim = design.fittings.rim_share
    rings = [  # share of the radius, share of the width from the face
        (0.0, 0.06), (0.14, 0.05), (rim - 0.04, 0.16), (rim, 0.0), (0.93, 0.0), (1.0, 0.14),
        (1.0, 0.86), (0.93, 1.0), (0.0, 1.0),
    ]  # fmt: skip
    angle = 2 * np.pi * (np.arange(_AROUND) + 0.5) / _AROUND
    axis = 3 - sum(plane)
    points = np.empty((len(rings), _AROUND, 3))
    for points_of_ring, (radius, depth) in zip(points, rings, strict=True):
        points_of_ring[:, plane[0]] = face[plane[0]] + radius * design.wheel * np.cos(angle)
        points_of_ring[:, plane[1]] = face[plane[1]] + radius * design.wheel * np.sin(angle)
        points_of_ring[:, axis] = face[axis] - depth * thick
    return grid_mesh(points, Part.WHEEL)
