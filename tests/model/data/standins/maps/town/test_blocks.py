"""Blocks and the streets between them."""

import numpy as np
import pytest

from model.data.standins.maps.town.blocks import REACH, Grid, divide


def grid(**changes):
    return Grid(**{"block": (100.0, 60.0), "jitter": 0.0, "street": 8.0, "main": 14.0, "open": 0.0} | changes)


@pytest.mark.parametrize("jitter", [0.0, 0.3])
def test_blocks_and_streets_fill_the_grid_without_overlap(jitter):
    blocks, streets = divide(grid(jitter=jitter), np.random.default_rng(0))
    painted = np.zeros((round(2 * REACH), round(2 * REACH)), int)
    for block in blocks:
        left, top, right, bottom = (
            round(edge + REACH) for edge in (block.left, block.top, block.right, block.bottom)
        )
        painted[top:bottom, left:right] += 1
    for street in streets:
        (left, top), (right, bottom) = street.outline.min(0) + REACH, street.outline.max(0) + REACH
        painted[round(top) : round(bottom), round(left) : round(right)] += 2
    assert ((painted == 1) | (painted == 2) | (painted > 3)).mean() > 0.97
    assert (painted == 3).mean() < 0.03  # rounding of edges; a crossing of streets has 4


def test_without_jitter_streets_run_through():
    _, streets = divide(grid(), np.random.default_rng(0))
    upright = {round(street.line[0, 0]) for street in streets if street.line[0, 0] == street.line[-1, 0]}
    assert len(upright) == 4  # five blocks of 100 m beside each other


def test_open_grids_have_fewer_and_larger_blocks():
    regular, _ = divide(grid(), np.random.default_rng(0))
    wide, _ = divide(grid(open=1.0), np.random.default_rng(0))
    assert len(wide) < len(regular)
    assert max(block.width for block in wide) > 1.5 * max(block.width for block in regular)


def test_the_first_streets_are_main_streets():
    _, streets = divide(grid(), np.random.default_rng(0))
    assert {street.kind: street.width for street in streets} == {"main": 14.0, "street": 8.0}
    assert 1 <= sum(street.kind == "main" for street in streets) <= 3
