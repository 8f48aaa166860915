"""Drawn cars that several tests share; building one takes some milliseconds."""

import pytest

from model.data.standins.cars.body_types import BODY_TYPES
from model.data.standins.cars.build import build_car
from model.data.standins.cars.design import draw_design


@pytest.fixture(scope="session")
def a_car_of_each_kind():
    """The first car of each body type, by its name."""
    designs, number = {}, 0
    while designs.keys() != BODY_TYPES.keys():
        number += 1
        design = draw_design(0, number)
        designs.setdefault(design.kind, design)
    return {kind: build_car(design) for kind, design in designs.items()}
