"""The map side of a made pair: a town in the look of street maps, without names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.data.standins.maps.canvas import Canvas, Colour
from model.data.standins.maps.town.plan import AreaKind, Street, StreetKind, Town
from model.data.standins.maps.town.shapes import ribbon


@dataclass(frozen=True)
class Style:
    """How a map draws.

    Attributes:
        areas: the colours of areas that the map shows; it leaves out others.
        streets: each kind's colour.
        casings: the colour of each kind's edges.
        wider: how much wider than in the town streets are drawn.
    """

    ground: Colour
    water: Colour
    building: Colour
    areas: Mapping[AreaKind, Colour]
    streets: Mapping[StreetKind, Colour]
    casings: Mapping[StreetKind, Colour]
    wider: float = 1.1


_GREEN, _LAWN = (200, 224, 171), (213, 232, 186)
CLASSIC = Style(
    ground=(234, 230, 221),
    water=(165, 204, 250),
    building=(221, 216, 207),
    areas={"park": _GREEN, "wood": (190, 217, 165), "bank": _GREEN, "beach": (247, 240, 205),
           "pitch": (180, 213, 152), "school": (236, 224, 198), "industry": (226, 222, 214),
           "verge": (226, 228, 212), "parking": (225, 223, 221), "field": (236, 235, 213)},
    streets={"path": (245, 245, 240), "street": (255, 255, 255), "main": (255, 235, 150),
             "rail": (176, 176, 176), "highway": (250, 176, 92)},
    casings={"street": (216, 211, 202), "main": (232, 200, 112), "highway": (222, 140, 60)},
)  # fmt: skip
ROADS_WHITE = Style(
    ground=(241, 239, 234),
    water=(170, 211, 223),
    building=(224, 220, 216),
    areas={**CLASSIC.areas, "park": _LAWN, "bank": _LAWN, "wood": (198, 222, 176), "verge": (232, 234, 222)},
    streets={**CLASSIC.streets, "main": (255, 246, 196), "highway": (252, 204, 110)},
    casings={"street": (222, 219, 213), "main": (228, 208, 140), "highway": (226, 166, 76)},
    wider=1.2,
)
STRONG = Style(
    ground=(229, 226, 217),
    water=(153, 189, 240),
    building=(212, 206, 198),
    areas=CLASSIC.areas,
    streets={**CLASSIC.streets, "main": (253, 222, 120), "highway": (246, 156, 76)},
    casings={"street": (206, 200, 190), "main": (226, 184, 88), "highway": (212, 122, 46)},
    wider=1.0,
)
STYLES = (CLASSIC, ROADS_WHITE, STRONG)


def draw_map(town: Town, size: int, rng: np.random.Generator) -> Image.Image:
    """Return a map of a town in a random style.

    Args:
        town: what the map shows.
        size: side in pixels.
        rng: chooses the style; it does not change the town.
    """
    style = STYLES[int(rng.integers(len(STYLES)))]
    shift = rng.uniform(-3, 3, 3)
    canvas = Canvas(size, style.ground)
    for area in town.areas:
        if colour := style.areas.get(area.kind):
            canvas.polygon(area.outline, colour)
    for building in town.buildings:
        for part in building.parts:
            canvas.polygon(part, style.building)
    _streets(canvas, town.streets_on_the_ground, style)
    for area in town.shores:
        canvas.polygon(area.outline, style.areas[area.kind])
    for water in town.waters:
        canvas.polygon(water, style.water)
    _streets(canvas, town.bridges, style)
    pixels = np.asarray(canvas.reduced()) + shift
    return Image.fromarray(np.rint(pixels.clip(0, 255)).astype(np.uint8))


def _streets(canvas: Canvas, streets: tuple[Street, ...], style: Style) -> None:
    """Draw streets: of each kind first all edges, then all streets, so that crossings are open."""
    edge = 1.0 / canvas.scale
    for kind, colour in style.streets.items():
        of_kind = [street for street in streets if street.kind == kind]
        wider = style.wider if kind != "rail" else 0.4
        if casing := style.casings.get(kind):
            for street in of_kind:
                canvas.polygon(ribbon(street.line, street.width * wider + 2 * edge), casing)
        for street in of_kind:
            canvas.polygon(ribbon(street.line, street.width * wider), colour)
            if kind == "highway":
                canvas.line(street.line, style.casings[kind], 1.0)
