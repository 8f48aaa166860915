"""Draws streets with their pavements and marks, railways, and cars."""

import numpy as np

from model.data.standins.maps.canvas import Canvas, Colour, tinted
from model.data.standins.maps.satellite.look import Look, varied
from model.data.standins.maps.town.plan import Street
from model.data.standins.maps.town.shapes import Points, ribbon

CARS: tuple[Colour, ...] = (
    (232, 232, 230), (208, 208, 208), (178, 180, 182), (150, 152, 156), (120, 122, 126), (58, 60, 64),
    (36, 36, 40), (206, 202, 192), (96, 98, 104), (132, 62, 56), (72, 86, 112),
)  # fmt: skip
_PAVEMENT = 2.0
_MARK: Colour = (206, 204, 192)


def draw_streets(canvas: Canvas, streets: tuple[Street, ...], look: Look, rng: np.random.Generator) -> None:
    """Draw streets: first all pavements, then all lanes, so that crossings are open."""
    for street in streets:
        if street.kind == "path":
            canvas.polygon(street.outline, tinted(look.paving, 1.02))
        elif street.kind in ("street", "main"):
            canvas.polygon(ribbon(street.line, street.width + 2 * _PAVEMENT), tinted(look.paving, 0.97))
    for kind in ("street", "main"):
        for street in streets:
            if street.kind == kind:
                canvas.polygon(street.outline, varied(look.asphalt, 0.04, rng))
                if kind == "main":
                    canvas.line(street.line, tinted(look.asphalt, 1.28), 0.6)
                _cars(canvas, street, 0.012 if kind == "main" else 0.02, rng)
    for street in streets:
        if street.kind == "rail":
            _railway(canvas, street)
        elif street.kind == "highway":
            _highway(canvas, street, look, rng)


def draw_car(canvas: Canvas, middle: Points, along: Points, rng: np.random.Generator) -> None:
    """Draw a car of a random colour; `along` is a unit vector."""
    front, side = along * 2.3, along[::-1] * np.array([-1.0, 1.0])
    outline = np.array(
        [middle + front + side, middle + front - side, middle - front - side, middle - front + side]
    )
    canvas.polygon(outline, CARS[int(rng.integers(len(CARS)))])


def _cars(canvas: Canvas, street: Street, density: float, rng: np.random.Generator) -> None:
    """Draw cars on the lanes or at the kerb.

    Args:
        density: cars for each metre of the street.
    """
    steps = np.diff(street.line, axis=0)
    lengths = np.sqrt((steps**2).sum(1))
    kerb = street.width / 2 - (1.3 if street.kind == "street" else street.width / 4)
    for number in rng.integers(len(steps), size=int(rng.poisson(lengths.sum() * density))).tolist():
        along = steps[number] / lengths[number]
        side = along[::-1] * np.array([-1.0, 1.0]) * kerb * rng.choice([-1.0, 1.0])
        draw_car(canvas, street.line[number] + steps[number] * rng.uniform(0, 1) + side, along, rng)


def _railway(canvas: Canvas, street: Street) -> None:
    canvas.polygon(street.outline, (132, 120, 108))
    tracks = 2 if street.width > 10 else 1
    for number in range(tracks):
        offset = (number - (tracks - 1) / 2) * 4.5
        outline = ribbon(street.line, abs(2 * offset) + 1.5)
        line = outline[: len(street.line)] if offset >= 0 else outline[len(street.line) :]
        canvas.line(line, (92, 84, 80), 1.6)


def _highway(canvas: Canvas, street: Street, look: Look, rng: np.random.Generator) -> None:
    concrete = varied(tinted(look.asphalt, 1.18), 0.06, rng)
    canvas.polygon(ribbon(street.line, street.width + 2), tinted(concrete, 1.15))
    canvas.polygon(street.outline, concrete)
    for share in (0.48, 0.52, 0.92):
        outline = ribbon(street.line, street.width * share)
        for line in (outline[: len(street.line)], outline[len(street.line) :]):
            canvas.line(line, _MARK)
    canvas.polygon(ribbon(street.line, 2.4), tinted(look.season.lawn, 0.9))
    _cars(canvas, street, 0.03, rng)
