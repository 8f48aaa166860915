"""Sheets of paper on tables are found and straightened; drawings on plain paper are left as they are."""

import numpy as np
import pytest
from drawn import distance, house, shaded
from PIL import Image, ImageDraw

from benchmarks.shared.hard_drawings import brown_desk, cloth, dark_desk, pale_desk, squared_on_desk
from model.sketch.drawings.ink import without_border_pieces
from model.sketch.drawings.normalise import normalise
from model.sketch.drawings.sheet import cut_out_sheet, find_sheet

CORNERS = np.array([(60, 50), (560, 80), (540, 420), (40, 380)])
"""A sheet's corners, clockwise from the upper left."""


def table(corners: np.ndarray, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A white quadrilateral on a brown table."""
    picture = Image.new("RGB", size, (110, 70, 40))
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners.tolist()], fill=(240, 238, 230))
    return picture


def test_the_corners_of_a_sheet_are_found():
    np.testing.assert_allclose(find_sheet(table(CORNERS)), CORNERS, atol=6)


def test_corners_outside_of_the_picture_are_found():
    corners = CORNERS + np.array([0, 90])  # the lower corners are below the picture
    np.testing.assert_allclose(find_sheet(table(corners)), corners, atol=16)


def test_a_sheet_is_seen_from_above():
    picture = table(CORNERS)
    ImageDraw.Draw(picture).line([(60, 50), (540, 420)], fill="black", width=6)  # from corner to corner
    sheet = cut_out_sheet(picture)
    assert sheet is not None
    dark = np.argwhere(np.asarray(sheet.convert("L")) < 100)
    assert np.ptp(dark[:, 0]) > 0.95 * sheet.height
    assert np.ptp(dark[:, 1]) > 0.95 * sheet.width
    assert np.asarray(sheet)[:, 0].mean() > 200


@pytest.mark.parametrize(
    "picture",
    [
        house(),
        shaded(house()),
        Image.new("RGB", (300, 200), "white"),
        Image.fromarray(255 - np.asarray(house())),
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)),
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (3, 500), "white"),
    ],
    ids=["drawing", "shaded", "blank", "white on black", "noise", "one pixel", "narrow"],
)
def test_pictures_without_a_table_have_no_sheet(picture):
    assert find_sheet(picture) is None
    assert cut_out_sheet(picture) is None


def test_a_bright_disc_is_no_sheet():
    picture = Image.new("RGB", (400, 400), (90, 60, 40))
    ImageDraw.Draw(picture).ellipse((60, 60, 340, 340), fill="white")
    assert find_sheet(picture) is None


def test_sheets_on_tables_give_the_drawings_on_them():
    scenes = [
        scene(house(), np.random.default_rng(seed)).convert("RGB")
        for scene in (brown_desk, dark_desk, pale_desk, cloth, squared_on_desk)
        for seed in range(3)
    ]
    right = [distance(normalise(photo), normalise(house())) < 6 for photo in scenes]
    assert np.mean(right) > 0.85


def test_what_is_left_of_a_sheets_edge_is_removed_but_not_a_whole_drawing():
    confidence = np.zeros((100, 120), np.float32)
    confidence[40:60, 40:60] = 1
    edge = confidence.copy()
    edge[:, :3] = 1
    np.testing.assert_array_equal(without_border_pieces(edge), confidence)
    confidence[:, 58] = 1  # the drawing itself reaches the border
    np.testing.assert_array_equal(without_border_pieces(confidence), confidence)


def test_a_mark_on_the_edge_of_a_sheet_is_not_part_of_the_drawing():
    picture = table(CORNERS)
    picture.paste(house(120), (240, 180))
    clean = normalise(picture)
    ImageDraw.Draw(picture).line([(52, 200), (110, 205)], "black", 6)  # from the left edge inwards
    assert distance(normalise(picture), clean) < 2
