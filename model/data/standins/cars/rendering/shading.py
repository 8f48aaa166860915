"""The light of surfaces, and of the ground that a car stands on."""

import numpy as np

from model.data.standins.cars.rendering.camera import Camera
from model.data.standins.cars.rendering.mesh import Floats


def unit(vectors: Floats) -> Floats:
    """Return vectors of length 1 in the same directions, [n, 3]."""
    return np.asarray(vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True)).clip(1e-9))


def lit(materials: Floats, points: Floats, normals: Floats, camera: Camera) -> Floats:
    """Return the linear light of points: a lamp above the camera, the sky, a highlight, a mirrored horizon.

    Lamp and sky are symmetric about the camera's vertical plane, so mirrored views of a car are mirrored.

    Args:
        materials: red, green, blue, highlight and mirroring of each point, [n, 5].
        points: [n, 3].
        normals: of unit length, [n, 3].
        camera: where they are seen from.
    """
    colour, highlight, mirror = materials[:, :3], materials[:, 3], materials[:, 4]
    to_eye = unit(camera.eye - points)
    lamp = unit((np.array([0.0, 0.0, 1.0]) - 0.75 * camera.ahead)[None])[0]
    facing = (normals * lamp).sum(axis=1).clip(0)
    sky = 0.5 + 0.5 * normals[:, 2]
    near_ground = (0.45 + 0.9 * points[:, 2]).clip(0, 1)
    diffuse = (0.16 + 0.36 * sky) * near_ground + 0.54 * facing
    halfway = unit(to_eye + lamp)
    shine = highlight * (normals * halfway).sum(axis=1).clip(0) ** 48
    straight = (normals * to_eye).sum(axis=1).clip(0, 1)
    mirrored_up = 2 * straight * normals[:, 2] - to_eye[:, 2]
    horizon = ((mirrored_up + 0.05) / 0.30).clip(0, 1)
    world = 0.08 + 0.92 * horizon * horizon * (3 - 2 * horizon)
    grazing = mirror * (1 + 3.0 * (1 - straight) ** 4)
    return np.asarray(colour * diffuse[:, None] + (shine + grazing * world * near_ground)[:, None])


def shadowed_ground(camera: Camera, size: int, *, length: float, width: float) -> Floats:
    """Return the light of a white ground with the soft shadow of a car above it, [size, size].

    Args:
        camera: where it is seen from.
        size: width and height of the picture in pixels.
        length: the car's length in metres.
        width: the car's width in metres.
    """
    rays = camera.rays(size)
    hits = rays[:, 2] < -1e-3
    distance = np.where(hits, -camera.eye[2] / np.where(hits, rays[:, 2], -1.0), 0.0)
    x, y = (camera.eye[:2] + rays[:, :2] * distance[:, None]).T
    along, across = np.abs(x) / (length / 2), np.abs(y) / (width / 2)
    out = ((along**4 + across**4) ** 0.25 - 0.80) / 0.55
    dark = 0.72 * (1 - out.clip(0, 1)) ** 2 * hits
    return np.asarray((1 - dark).reshape(size, size))
