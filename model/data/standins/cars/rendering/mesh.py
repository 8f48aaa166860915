"""Triangle meshes: grids of points, joined into one car."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Part(IntEnum):
    """The part of a car that a triangle belongs to; `livery` paints each in its own way."""

    BODY = 0
    CABIN = 1
    WHEEL = 2
    PAINTED = 3
    PLASTIC = 4
    CHROME = 5


@dataclass(frozen=True)
class Mesh:
    """Triangles with smooth normals. x points to the car's front, y to its left, z up; metres.

    Attributes:
        vertices: [v, 3].
        normals: of unit length, outwards, [v, 3].
        triangles: three vertices each, counter-clockwise seen from outside, [t, 3].
        parts: each triangle's `Part`, [t].
    """

    vertices: Floats
    normals: Floats
    triangles: Ints
    parts: Ints


def grid_mesh(points: Floats, part: Part) -> Mesh:
    """Return the surface through rings of points, [rings, points of a ring, 3].

    A ring's last point is joined to its first. The normals point away from the enclosed volume.
    """
    rings, count, _ = points.shape
    vertices = points.reshape(-1, 3)
    first = np.arange((rings - 1) * count).reshape(rings - 1, count)
    beside = np.roll(first, -1, axis=1)
    halves = [(first, beside, beside + count), (first, beside + count, first + count)]
    triangles = np.concatenate([np.stack(half, axis=-1).reshape(-1, 3) for half in halves])
    corners = vertices[triangles] - vertices.mean(axis=0)
    volume = (corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum()
    if volume < 0:
        triangles = triangles[:, ::-1]
    parts = np.full(len(triangles), part, dtype=np.int64)
    return Mesh(vertices, _normals(vertices, triangles), triangles, parts)


def _normals(vertices: Floats, triangles: Ints) -> Floats:
    """Return the mean normal of each vertex's triangles, weighted by their areas."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    lengths = np.sqrt((normals**2).sum(axis=1, keepdims=True))
    return np.asarray(normals / np.maximum(lengths, 1e-12))


def join(meshes: list[Mesh]) -> Mesh:
    """Return all meshes as one."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]),
        np.concatenate([mesh.parts for mesh in meshes]),
    )


def signed_power(values: Floats, exponent: float) -> Floats:
    """Return |v|^exponent with v's sign, the step from circles to superellipses.

    The cosine of a right angle is 6e-17, not 0, and differs between machines. A root would make it large.
    """
    exact = np.where(np.abs(values) < 1e-9, 0.0, values)
    return np.asarray(np.sign(exact) * np.abs(exact) ** exponent)


def rounded_box(centre: Floats, half: Floats, part: Part, *, squareness: float = 6.0) -> Mesh:
    """Return a superellipsoid: 2 is an ellipsoid, 10 nearly a box.

    Args:
        centre: its middle, [3].
        half: half its length, width and height, [3].
        part: what it is part of.
        squareness: the exponent of its superellipses.
    """
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 9)[:, None]
    longitude = np.linspace(0, 2 * np.pi, 16, endpoint=False)[None, :]
    power = 2 / squareness
    across = signed_power(np.cos(latitude), power)
    x = across * signed_power(np.cos(longitude), power)
    y = across * signed_power(np.sin(longitude), power)
    z = signed_power(np.sin(latitude), power) * np.ones_like(longitude)
    return grid_mesh(np.stack([x, y, z], axis=-1) * half + centre, part)
