"""Cars drawn at random."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from model.data.standins.cars.body_types import BODY_TYPES
from model.data.standins.cars.design import draw_design, draw_kind

NUMBERS = range(56, 116)


@pytest.fixture(scope="module")
def designs():
    return [draw_design(0, number) for number in NUMBERS]


def test_a_seed_and_a_number_give_one_design():
    assert draw_design(0, 7) == draw_design(0, 7)
    different = [draw_design(0, 7), draw_design(0, 8), draw_design(1, 7), draw_design(7, 0)]
    assert len({repr(design) for design in different}) == 4


def test_proportions_are_within_the_body_type_s_ranges(designs):
    for number, design in zip(NUMBERS, designs, strict=True):
        body = BODY_TYPES[design.kind]
        for name in ("length", "width", "height", "clear", "wheel", "boxy"):
            low, high = getattr(body, name)
            assert low <= getattr(design, name) <= high, (number, name)
        assert design.bed == body.bed
        panel = design.closed_from > -design.length / 2
        assert panel or body.windows[0] <= len(design.pillars) + 1 <= body.windows[1]


def test_the_parts_of_every_car_are_in_order(designs):
    for number, design in zip(NUMBERS, designs, strict=True):
        front = design.length / 2
        along = [front, design.cowl, design.screen, *design.pillars, design.tail, -front]
        assert along == sorted(along, reverse=True), number
        assert design.screen > design.back >= design.tail
        assert front > design.axles[0] + design.wheel > design.axles[1] - design.wheel > -front
        assert design.clear < design.nose < design.belt < design.height


def test_every_body_type_occurs_about_as_often_as_its_share():
    assert sum(body.share for body in BODY_TYPES.values()) == 100
    rng = np.random.default_rng(0)
    count = Counter(draw_kind(rng) for _ in range(2000))
    for kind, body in BODY_TYPES.items():
        assert abs(count[kind] / 20 - body.share) < 3, kind


def test_a_panel_van_has_no_side_windows_behind_its_doors(designs):
    panel = [design for design in designs if design.closed_from > -design.length / 2]
    vans = [design for design in designs if design.kind == "van"]
    assert panel and len(panel) < len(vans)
    for design in panel:
        assert design in vans and design.pillars == ()
        assert design.closed_from < design.screen


def test_fittings_differ_between_cars(designs):
    fittings = [dataclasses.asdict(design.fittings) for design in designs]
    for name in fittings[0]:
        assert len({str(car[name]) for car in fittings}) > 1, name
