"""The cabin of a car: windscreen, side windows, rear window and roof."""

from dataclasses import dataclass

import numpy as np

from model.data.standins.cars.design import Design
from model.data.standins.cars.rendering.mesh import Floats, Mesh, Part, grid_mesh, signed_power

_AROUND = 48
_SUNK = 0.14
"""How far the cabin reaches down into the body, in metres."""


@dataclass(frozen=True)
class CabinOutline:
    """The cabin's rectangle at rising heights, each [levels].

    Attributes:
        z: the height.
        front: x of the windscreen.
        rear: x of the rear window.
        half_width: y of the left side.
        rim: the height where the windows end and the roof begins.
    """

    z: Floats
    front: Floats
    rear: Floats
    half_width: Floats
    rim: float


def cabin_outline(design: Design) -> CabinOutline:
    """Return the cabin's outline: straight glass, a round edge, and a roof that is a little crowned."""
    tall = design.height - design.belt
    # seen from the side: up the glass, around the edge (a quadratic Bezier curve), over the roof
    crown = 0.05
    straight = np.linspace(-_SUNK / tall, 0.84, 7)
    t = np.linspace(0, 1, 7)[1:]
    edge_up = 0.84 * (1 - t) ** 2 + 2 * t * (1 - t) * (1 - crown) + t**2 * (1 - crown)
    edge_in = 0.84 * (1 - t) ** 2 + 2 * t * (1 - t) * 1.0 + t**2 * 1.12
    roof = np.linspace(0, 1, 6)[1:]
    rise = np.concatenate([straight, edge_up, 1 - crown * (1 - roof) ** 2])
    inwards = np.concatenate([straight, edge_in])
    half = design.width / 2 * 0.93 - design.lean * inwards
    front = design.cowl + (design.screen - design.cowl) * inwards
    rear = design.tail + (design.back - design.tail) * inwards
    middle = (front[-1] + rear[-1]) / 2
    shrink = 1 - roof
    return CabinOutline(
        z=design.belt + tall * rise + 1e-6 * np.arange(len(rise)),
        front=np.concatenate([front, middle + (front[-1] - middle) * shrink]),
        rear=np.concatenate([rear, middle + (rear[-1] - middle) * shrink]),
        half_width=np.concatenate([half, half[-1] * shrink]),
        rim=float(design.belt + 0.86 * tall),
    )


def cabin_mesh(design: Design, outline: CabinOutline) -> Mesh:
    """Return the cabin's surface: a rounded rectangle, lifted from the belt to the roof."""
    angle = 2 * np.pi * (np.arange(_AROUND) + 0.5) / _AROUND
    power = 2 / (design.boxy + 3.5)
    lengthwise, across = signed_power(np.cos(angle), power), signed_power(np.sin(angle), power)
    middle, half = (outline.front + outline.rear) / 2, (outline.front - outline.rear) / 2
    points = np.stack(
        [
            middle[:, None] + half[:, None] * lengthwise,
            outline.half_width[:, None] * across,
            np.broadcast_to(outline.z[:, None], (len(outline.z), _AROUND)),
        ],
        axis=-1,
    )
    return grid_mesh(points, Part.CABIN)
