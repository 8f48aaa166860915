"""Tables 7 and 8 have one row per pair and the documented columns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.open import open_pairs
from model.evaluation.image_figures import GAP, analogies, grid, translation_writer, translations
from model.iiae import IIAE
from model.pictures import picture
from model.presets import PRESETS

SIDE = 32


@pytest.fixture(scope="module")
def iiae() -> IIAE:
    torch.manual_seed(0)
    return IIAE(replace(PRESETS["facades"], image_size=SIDE, width=0.125)).eval()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return open_pairs("synthetic", tmp_path_factory.mktemp("none"), "test", SIDE, ("photo", "label"))


def tile(sheet, column: int, row: int) -> np.ndarray:
    left, top = column * (SIDE + GAP), row * (SIDE + GAP)
    return np.asarray(sheet.crop((left, top, left + SIDE, top + SIDE)))


def test_grids_have_white_gaps_and_enlarge_their_pictures():
    black = torch.full((3, 4, 4), -1.0)
    sheet = np.asarray(grid([[black, black], [black]], scale=2))
    assert sheet.shape == (16 + GAP, 16 + GAP, 3)
    assert not sheet[:8, :8].any()
    assert (sheet[8 : 8 + GAP] == 255).all()
    assert (sheet[8 + GAP :, 8:] == 255).all()


def test_translations_show_the_input_the_samples_the_prior_mean_and_the_truth(iiae, pairs):
    sheet = translations(iiae, pairs, count=2, samples=3)
    columns = 2 * (1 + 3 + 1 + 1)
    assert sheet.size == (columns * (SIDE + GAP) - GAP, 2 * (SIDE + GAP) - GAP)
    x, y = (np.asarray(picture(each)) for each in pairs.pair(0, None))
    for column, expected in ((0, x), (5, y), (6, y), (11, x)):
        np.testing.assert_array_equal(tile(sheet, column, 0), expected)


def test_analogies_show_query_reference_and_output_of_both_domains(iiae, pairs):
    sheet = analogies(iiae, pairs, count=2)
    assert sheet.size == (6 * (SIDE + GAP) - GAP, 2 * (SIDE + GAP) - GAP)
    queries = pairs.pair(0, None)
    np.testing.assert_array_equal(tile(sheet, 0, 0), np.asarray(picture(queries[0])))
    np.testing.assert_array_equal(tile(sheet, 3, 0), np.asarray(picture(queries[1])))


def test_the_writer_saves_translations(iiae, pairs, tmp_path):
    translation_writer(pairs)(iiae, tmp_path / "sample.png")
    assert (tmp_path / "sample.png").stat().st_size > 0
