"""Heads stand centred above their columns, titles above their sheets, and nothing is cut off."""

import numpy as np
import pytest
import torch
from PIL import Image

from model.evaluation.sheet import GAP, beside, columns, line_height, note, stacked, text_size, tile, titled

SIDE = 64
TOP = line_height(text_size(SIDE))


def ink(sheet: Image.Image, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """Where a part of a sheet is not white."""
    return np.asarray(sheet.crop(box) if box else sheet).min(2) < 255


def black(side: int = SIDE) -> Image.Image:
    return Image.new("RGB", (side, side))


def test_small_pictures_are_enlarged_by_a_whole_number():
    pixels = torch.linspace(-1, 1, 30).view(1, 1, 30).expand(3, 30, 30)
    enlarged = np.asarray(tile(pixels))
    assert enlarged.shape == (90, 90, 3)
    assert (enlarged[:, ::3] == enlarged[:, 1::3]).all() and (enlarged[:, ::3] == enlarged[:, 2::3]).all()
    assert tile(torch.zeros(3, 96, 96)).size == (96, 96)


def test_each_column_has_its_head_centred_above_it():
    sheet = columns(("mean", "truth"), [[black(), black()], [black()]])
    assert sheet.size == (2 * (SIDE + GAP) - GAP, TOP + 2 * (SIDE + GAP) - GAP)
    for left in (0, SIDE + GAP):
        columns_with_ink = np.flatnonzero(ink(sheet, (left, 0, left + SIDE, TOP)).any(0))
        assert (columns_with_ink[0] + columns_with_ink[-1]) / 2 == pytest.approx((SIDE - 1) / 2, abs=2)
        assert ink(sheet, (left, TOP, left + SIDE, TOP + SIDE)).all()
    assert not ink(sheet, (SIDE, 0, SIDE + GAP, sheet.height)).any(), "the gap is white"
    assert not ink(sheet, (SIDE + GAP, TOP + SIDE, sheet.width, sheet.height)).any(), "the short row ends"


@pytest.mark.parametrize("side", [64, 128, 256])
def test_text_grows_with_the_pictures(side):
    height = line_height(text_size(side))
    rows = np.flatnonzero(ink(columns(("m",), [[black(side)]]), (0, 0, side, height)).any(1))
    assert rows[-1] - rows[0] > side / 20


@pytest.mark.parametrize("head", ["a long name", "a name that is far too long for its column"])
def test_a_long_head_stays_within_its_column(head):
    heads = ink(columns((head, "", head), [[black()] * 3]), (0, 0, 3 * (SIDE + GAP) - GAP, TOP))
    assert not heads[:, SIDE : 2 * SIDE + 2 * GAP].any()
    assert heads[:, :SIDE].any() and not heads[:2].any() and not heads[-2:].any()


@pytest.mark.parametrize(
    ("head", "shortened"), [("a long name", False), ("a name that is far too long for its column", True)]
)
def test_a_long_head_is_written_smaller_before_it_is_shortened_with_dots(head, shortened):
    """Dots are the last ink of a shortened head, and stand below the middle of the line."""
    text = ink(columns((head,), [[black()]]), (0, 0, SIDE, TOP))
    last = text[:, np.flatnonzero(text.any(0))[-1]]
    assert (np.flatnonzero(last)[0] > TOP / 2) == shortened


def test_a_title_stands_above_its_sheet_with_an_arrow_for_a_direction():
    sheet = titled("cd → cb", Image.new("RGB", (200, 50)), 13)
    assert sheet.width == 200
    top = sheet.height - 50
    assert top > line_height(13) and ink(sheet, (0, top, 200, sheet.height)).all()
    assert ink(sheet, (0, 0, 200, line_height(13))).any()
    plain = titled("cd cb", Image.new("RGB", (200, 50)), 13)
    assert ink(sheet)[:top].sum() > ink(plain)[:top].sum() + 10


def test_sheets_stand_beside_and_below_each_other():
    pair = beside([black(10), black(20)], 5)
    assert pair.size == (35, 20)
    assert not ink(pair, (10, 0, 15, 20)).any() and ink(pair, (15, 0, 35, 20)).all()
    pile = stacked([black(10), black(20)], 5)
    assert pile.size == (20, 35)
    assert not ink(pile, (0, 10, 20, 15)).any() and ink(pile, (0, 15, 20, 35)).all()


def test_a_note_is_text_only():
    sheet = note("no failures", 200, 13)
    assert sheet.width == 200 and ink(sheet).any() and not ink(sheet)[:, :20].any()
