"""The parts of a made town, in metres; the origin is the middle of the picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from model.data.standins.maps.town.shapes import Points, ribbon

SIDE = 320.0
"""Metres that one side of a picture shows."""

AreaKind = Literal[
    "yard", "paved", "industry", "school", "park", "wood", "field", "parking", "pitch", "drive", "pool",
    "verge", "bank", "beach",
]  # fmt: skip
StreetKind = Literal["path", "street", "main", "rail", "highway"]


@dataclass(frozen=True)
class Area:
    """A piece of ground, [n, 2]; n is a multiple of 4 if it has four sides."""

    kind: AreaKind
    outline: Points

    @property
    def corners(self) -> Points:
        """The four corners of an area with four sides, [4, 2]."""
        return self.outline[:: len(self.outline) // 4]


@dataclass(frozen=True)
class Building:
    """A building of one or more parts with four corners each."""

    parts: tuple[Points, ...]
    height: float
    flat: bool


@dataclass(frozen=True)
class Street:
    """A line with a width. If it has bridges, it passes over water; otherwise it ends at the shore."""

    kind: StreetKind
    line: Points
    width: float
    bridges: bool = False

    @cached_property
    def outline(self) -> Points:
        return ribbon(self.line, self.width)


@dataclass(frozen=True)
class Town:
    """Everything that both pictures of a pair show. Later areas lie on earlier ones.

    Attributes:
        areas: the ground between the streets.
        shores: areas along water, which lie on the streets that end there.
        waters: outlines of rivers, lakes and the sea.
    """

    areas: tuple[Area, ...]
    buildings: tuple[Building, ...]
    streets: tuple[Street, ...]
    shores: tuple[Area, ...]
    waters: tuple[Points, ...]

    @property
    def streets_on_the_ground(self) -> tuple[Street, ...]:
        """Streets that end at the shore."""
        return tuple(street for street in self.streets if not street.bridges)

    @property
    def bridges(self) -> tuple[Street, ...]:
        """Streets that pass over water."""
        return tuple(street for street in self.streets if street.bridges)
