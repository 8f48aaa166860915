"""The lower body of a car: a superellipse across, swept from the rear to the front."""

import numpy as np

from model.data.standins.cars.design import Design
from model.data.standins.cars.rendering.mesh import Floats, Mesh, Part, grid_mesh, signed_power

_STATIONS, _AROUND = 45, 44


def top_of(design: Design, x: Floats) -> Floats:
    """Return the height of bonnet, belt and deck at x, without the rounding at both ends."""
    front = design.length / 2
    bonnet = ((x - design.cowl) / (front - design.cowl)).clip(0, 1)
    deck = ((design.tail - x) / (design.tail + front)).clip(0, 1)
    drop = (design.belt - design.nose) * bonnet**1.9
    return design.belt - drop + (design.deck - design.belt) * deck


def half_width_of(design: Design, x: Floats) -> Floats:
    """Return half the body's width at x; the corners are round, seen from above."""
    along = np.abs(2 * x / design.length).clip(0, 1)
    exponent = 0.7 * design.boxy + 2.2
    return np.asarray(design.width / 2 * (1 - along**exponent) ** (1 / exponent))


def body_mesh(design: Design) -> Mesh:
    """Return the closed surface of the lower body."""
    corner = np.cos(np.linspace(0, np.pi / 2, 10)) ** 0.25
    along = np.unique(np.concatenate([np.linspace(0, 0.88, _STATIONS // 2), corner[corner > 0.88]]))
    x = np.concatenate([-along[::-1], along[1:]]) * design.length / 2
    exponent = 1.3 * design.boxy + 2.0
    end = (1 - np.abs(2 * x / design.length).clip(0, 1) ** exponent) ** (1 / exponent)
    middle = 0.5 * design.clear + 0.42 * design.nose
    sill = design.clear + 0.08 * np.abs(2 * x / design.length) ** 4
    above, below = (top_of(design, x) - middle) * end, (middle - sill) * end
    across, up = _section(design.boxy)
    rise = np.where(up > 0, above[:, None], below[:, None]) * up
    y = half_width_of(design, x)[:, None] * across
    points = np.stack([np.broadcast_to(x[:, None], y.shape), y, middle + rise], axis=-1)
    return grid_mesh(points, Part.BODY)


def _section(boxy: float) -> tuple[Floats, Floats]:
    """Return y and z of a section through the body, -1 to 1; its lower half is nearly a box."""
    angle = 2 * np.pi * np.arange(_AROUND) / _AROUND
    cosine, sine = np.cos(angle), np.sin(angle)
    upper, lower = ((signed_power(cosine, 2 / n), signed_power(sine, 2 / n)) for n in (boxy, 7.0))
    return np.where(sine > 0, upper[0], lower[0]), np.where(sine > 0, upper[1], lower[1])
