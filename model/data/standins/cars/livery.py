"""What each point of a car is made of: paint, glass, lamps, tyres, chosen by its place on the car."""

import numpy as np
from numpy.typing import NDArray

from model.data.standins.cars.build import Car
from model.data.standins.cars.cabin import CabinOutline
from model.data.standins.cars.colours import Material
from model.data.standins.cars.design import Design
from model.data.standins.cars.faces import paint_front, paint_rear
from model.data.standins.cars.rendering.mesh import Floats, Ints, Part
from model.data.standins.cars.wheels import spare_centre

Mask = NDArray[np.bool_]
RACERS = ("sports car", "coupe", "city car")
"""The body types that may have racing stripes."""


def materials_at(car: Car, points: Floats, normals: Floats, parts: Ints) -> Ints:
    """Return the `Material` of points on the car's surface, [n].

    Args:
        car: the car.
        points: [n, 3].
        normals: of unit length, [n, 3].
        parts: each point's `Part`, [n].
    """
    materials = np.full(len(points), Material.PAINT, dtype=np.int64)
    materials[parts == Part.PLASTIC] = Material.PLASTIC
    materials[parts == Part.CHROME] = Material.CHROME
    for part, paint in ((Part.BODY, _body), (Part.CABIN, _cabin), (Part.WHEEL, _wheel)):
        of_part = parts == part
        materials[of_part] = paint(car, points[of_part], normals[of_part])
    return materials


def _body(car: Car, points: Floats, normals: Floats) -> Ints:
    design = car.design
    x, y, z = points.T
    materials = np.full(len(points), Material.PAINT, dtype=np.int64)
    _stripe(design, points, normals, materials)
    side = np.abs(normals[:, 1]) > 0.6
    _doors(design, x, z, side, materials)
    paint_front(design, points, normals, materials)
    paint_rear(design, points, normals, materials)
    if design.fittings.cladding:
        materials[z < design.clear + 0.13] = Material.PLASTIC
    for axle in design.axles:
        from_axle = np.hypot(x - axle, z - design.wheel)
        at_side = np.abs(y) > 0.3 * design.width
        if design.fittings.cladding:
            materials[at_side & (from_axle < 1.32 * design.wheel)] = Material.PLASTIC
        materials[at_side & (from_axle < 1.13 * design.wheel)] = Material.HOLLOW
    materials[(normals[:, 2] < -0.6) & (z < design.clear + 0.06)] = Material.HOLLOW
    if design.bed:
        inside = (normals[:, 2] > 0.7) & (np.abs(y) < 0.40 * design.width)
        materials[inside & (x < design.tail - 0.12) & (x > -0.465 * design.length)] = Material.HOLLOW
    return materials


def _stripe(design: Design, points: Floats, normals: Floats, materials: Ints) -> None:
    """Paint a lower half, a line along the sides, or racing stripes; most cars have none of them."""
    y, z = points[:, 1], points[:, 2]
    height, style = (z - design.clear) / (design.belt - design.clear), design.fittings.stripe
    if style == 0:
        materials[height < 0.42] = Material.SECOND_PAINT
    if style == 1:
        materials[(np.abs(height - 0.48) < 0.06) & (np.abs(normals[:, 1]) > 0.5)] = Material.SECOND_PAINT
    if style == 2 and design.kind in RACERS:
        materials[_racing_stripes(y, normals)] = Material.SECOND_PAINT


def _racing_stripes(y: Floats, normals: Floats) -> Mask:
    return np.asarray((np.abs(np.abs(y) - 0.17) < 0.10) & (normals[:, 2] > 0.4))


def _doors(design: Design, x: Floats, z: Floats, side: Mask, materials: Ints) -> None:
    """Draw the doors' seams and handles."""
    door = side & (z > design.clear + 0.12) & (z < design.belt)
    front = design.cowl + 0.35 * (design.screen - design.cowl)
    rear = max(design.tail + 0.2, design.axles[1] + 0.9 * design.wheel)
    ends = [*design.pillars[:2], rear] if design.pillars else [max(rear, front - 1.35)]
    for seam in (front, *ends):
        materials[door & (np.abs(x - seam) < 0.016)] = Material.SEAM
    for seam in ends:
        handle = (np.abs(x - seam - 0.16) < 0.08) & (np.abs(z - design.belt + 0.14) < 0.022)
        materials[side & handle] = Material.CHROME if design.fittings.lamps % 2 else Material.SEAM


def _cabin(car: Car, points: Floats, normals: Floats) -> Ints:
    design, outline = car.design, car.cabin
    x, y, z = points.T
    from_front, from_rear, from_side = _distances(outline, x, y, z)
    materials = np.full(len(points), Material.ROOF, dtype=np.int64)
    materials[z < design.belt + 0.03] = Material.PAINT
    height = (z > design.belt + 0.03) & (z < outline.rim)
    front_face = (from_front < from_side) & (from_front < from_rear)
    rear_face = (from_rear < from_side) & ~front_face
    rear_glass = from_side > 0.12
    if design.fittings.spare_wheel or design.closed_from > -design.length / 2:
        rear_glass &= np.abs(y) > 0.05  # two doors
    glass = (front_face & (from_side > 0.07)) | (rear_face & rear_glass)
    slim = design.fittings.rear_pillar * (0.4 if len(design.pillars) == 2 else 1.0)
    side = (from_front > 0.10) & (from_rear > 0.05 + slim) & (x > design.closed_from)
    for pillar in design.pillars:
        side &= np.abs(x - pillar) > 0.045
    materials[height & (glass | (side & ~front_face & ~rear_face))] = Material.GLASS
    if design.kind in RACERS and design.fittings.stripe == 2:
        materials[(z > outline.rim) & _racing_stripes(y, normals)] = Material.SECOND_PAINT
    return materials


def _distances(outline: CabinOutline, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how far points are from windscreen, rear window and the nearer side."""
    front, rear, half = (
        np.interp(z, outline.z, values) for values in (outline.front, outline.rear, outline.half_width)
    )
    return front - x, x - rear, half - np.abs(y)


def _wheel(car: Car, points: Floats, normals: Floats) -> Ints:
    design = car.design
    x, y, z = points.T
    axle = np.where(x > 0, *design.axles)
    across, up = x - axle, z - design.wheel
    if design.fittings.spare_wheel:
        spare = x < -design.length / 2 - 0.02
        across, up = np.where(spare, y, across), np.where(spare, z - spare_centre(design)[2], up)
    radius = np.hypot(across, up) / design.wheel
    rim, spokes = design.fittings.rim_share, design.fittings.spokes
    materials = np.full(len(points), Material.TYRE, dtype=np.int64)
    face = radius < rim
    materials[face] = Material.RIM
    turn = np.arctan2(up, across) * spokes / (2 * np.pi)
    gap = np.abs(turn - np.rint(turn)) > (0.22 if spokes < 7 else 0.28)
    materials[face & gap & (radius > 0.18) & (radius < rim - 0.07) & (spokes < 10)] = Material.HOLLOW
    return materials
