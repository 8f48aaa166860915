"""One picture of a car: what each pixel sees, lit, above a soft shadow on white."""

import numpy as np
from numpy.typing import NDArray

from model.data.standins.cars.build import Car
from model.data.standins.cars.livery import materials_at
from model.data.standins.cars.rendering.camera import camera_at
from model.data.standins.cars.rendering.mesh import Floats, Ints
from model.data.standins.cars.rendering.rasteriser import rasterise
from model.data.standins.cars.rendering.shading import lit, shadowed_ground, unit

FINER = 3
"""Each pixel is the mean of 3 x 3 samples."""
_GAMMA = 1 / 2.2


def draw_picture(car: Car, view: int, elevation: int, size: int) -> NDArray[np.uint8]:
    """Return one picture, [size, size, 3].

    Args:
        car: the car.
        view: 0-23; 0 is the front and 12 the rear.
        elevation: 0-3, from low to high.
        size: its width and height in pixels.
    """
    design, mesh, fine = car.design, car.mesh, size * FINER
    camera = camera_at(view, elevation, length=design.length, height=design.height)
    ground = shadowed_ground(camera, size, length=design.length, width=design.width)
    light = np.repeat(np.kron(ground, np.ones((FINER, FINER))).reshape(-1, 1), 3, axis=1)
    seen = rasterise(camera.project(mesh.vertices, fine), mesh.triangles, fine)
    corners = mesh.triangles[seen.triangles]
    points = _blend(mesh.vertices, corners, seen.weights)
    normals = unit(_blend(mesh.normals, corners, seen.weights))
    materials = materials_at(car, points, normals, mesh.parts[seen.triangles])
    light[seen.pixels] = lit(car.materials[materials], points, normals, camera)
    mean = light.reshape(size, FINER, size, FINER, 3).mean(axis=(1, 3))
    return np.asarray(np.rint(255 * mean.clip(0, 1) ** _GAMMA), dtype=np.uint8)


def _blend(values: Floats, corners: Ints, weights: Floats) -> Floats:
    """Return the weighted mean of three vertices' values, [n, 3]."""
    return np.asarray(sum(values[corners[:, i]] * weights[:, i, None] for i in range(3)))
