"""A whole car: its design, its mesh and its materials."""

from dataclasses import dataclass

import numpy as np

from model.data.standins.cars.body import body_mesh, half_width_of
from model.data.standins.cars.cabin import CabinOutline, cabin_mesh, cabin_outline
from model.data.standins.cars.colours import material_table
from model.data.standins.cars.design import Design
from model.data.standins.cars.rendering.mesh import Floats, Mesh, Part, join, rounded_box
from model.data.standins.cars.wheels import wheel_meshes


@dataclass(frozen=True)
class Car:
    """What all pictures of a car share.

    Attributes:
        design: its proportions and fittings.
        cabin: the cabin's outline, which says where the windows are.
        mesh: its surface.
        materials: what each material reflects (`colours.material_table`).
    """

    design: Design
    cabin: CabinOutline
    mesh: Mesh
    materials: Floats


def build_car(design: Design) -> Car:
    """Return the car of a design."""
    outline = cabin_outline(design)
    parts = [body_mesh(design), cabin_mesh(design, outline), *wheel_meshes(design), *_mirrors(design)]
    parts += _bumpers(design) + _roof_parts(design, outline)
    return Car(design, outline, join(parts), material_table(design.colours))


def _box(x: float, y: float, z: float, half: tuple[float, float, float], part: Part) -> Mesh:
    return rounded_box(np.array([x, y, z]), np.array(half), part)


def _mirrors(design: Design) -> list[Mesh]:
    x = design.cowl + 0.45 * (design.screen - design.cowl)
    part = Part.PLASTIC if design.fittings.bumpers in (1, 2) else Part.PAINTED
    y = design.width / 2 + 0.05
    return [_box(x, side * y, design.belt + 0.07, (0.07, 0.12, 0.075), part) for side in (1.0, -1.0)]


def _bumpers(design: Design) -> list[Mesh]:
    """Return bars at both ends, of plastic or chrome; most cars have bumpers of one piece with the body."""
    part = {1: Part.PLASTIC, 2: Part.CHROME}.get(design.fittings.bumpers)
    if part is None:
        return []
    ends = design.length / 2 - 0.09
    half_width = float(half_width_of(design, np.array(0.42 * design.length))) + 0.01
    height = design.clear + (0.20 if part is Part.PLASTIC else 0.18)
    half = (0.15, half_width, 0.10 if part is Part.PLASTIC else 0.06)
    return [_box(side * ends, 0.0, height, half, part) for side in (1.0, -1.0)]


def _roof_parts(design: Design, outline: CabinOutline) -> list[Mesh]:
    parts = []
    edge = int(np.searchsorted(outline.z, outline.rim))
    front, rear, half = (float(values[edge]) for values in (outline.front, outline.rear, outline.half_width))
    if design.fittings.rack:
        middle, half_length = (front + rear) / 2, 0.40 * (front - rear)
        chrome = Part.CHROME if design.fittings.lamps % 2 else Part.PLASTIC
        for side in (1.0, -1.0):
            rail = (half_length, 0.03, 0.035)
            parts.append(_box(middle, side * (half - 0.09), design.height + 0.03, rail, chrome))
    if design.fittings.spoiler:
        on_roof = design.tail < -0.42 * design.length
        x, z = (rear - 0.02, design.height - 0.06) if on_roof else (-0.46 * design.length, design.deck + 0.12)
        wide = half - 0.06 if on_roof else 0.4 * design.width
        parts.append(_box(x, 0.0, z, (0.16, wide, 0.03), Part.PAINTED))
        if not on_roof:
            parts += [
                _box(x, y, z - 0.1, (0.06, 0.04, 0.11), Part.PAINTED) for y in (0.6 * wide, -0.6 * wide)
            ]
    return parts
