"""Tables 7 and 8 have one row per pair, and the documented columns under their heads."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from model.baselines.cddn import CdDN
from model.baselines.pix2pix import Pix2Pix
from model.data.open import open_pairs
from model.evaluation.image_figures import analogies, translation_writer, translations
from model.evaluation.sheet import GAP, line_height, text_size, tile
from model.iiae import IIAE
from model.iiae_inference import IIAEInference
from model.inference import analogy
from model.presets import PRESETS
from model.translator_inference import TranslatorInference

CPU = torch.device("cpu")
PRESET = replace(PRESETS["facades"], image_size=32, width=0.125)
STEP = 64 + GAP
"""From one column to the next; the pictures of 32 pixels are shown at 64."""
SIZE = text_size(64)
TOP = 2 * line_height(SIZE) + 3 * GAP
"""Height of the heads and the titles."""


@pytest.fixture(scope="module")
def iiae() -> IIAE:
    torch.manual_seed(0)
    return IIAE(PRESET).eval()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return open_pairs("synthetic", tmp_path_factory.mktemp("none"), "test", 32, ("photo", "label"))


def shown(sheet: Image.Image, column: int, row: int, columns: int) -> np.ndarray:
    """The picture in a column; the second block of `columns` columns begins after a wider gap."""
    left = column * STEP + (SIZE - GAP if column >= columns else 0)
    top = TOP + row * STEP
    return np.asarray(sheet.crop((left, top, left + 64, top + 64)))


def size(columns: int, rows: int) -> tuple[int, int]:
    return 2 * (columns * STEP - GAP) + SIZE, TOP + rows * STEP - GAP


def has_head(sheet: Image.Image, column: int, columns: int) -> bool:
    left = column * STEP + (SIZE - GAP if column >= columns else 0)
    return bool((np.asarray(sheet.crop((left, TOP - line_height(SIZE), left + 64, TOP))) < 255).any())


def test_translations_show_the_input_the_samples_the_prior_mean_and_the_truth(pairs):
    torch.manual_seed(0)
    iiae = IIAE(PRESET).eval()
    for parameter in iiae.parameters():  # larger weights make the styles visibly different
        parameter.data.mul_(4)
    sheet = translations(IIAEInference(iiae, None, CPU), pairs, count=2, samples=3)
    assert sheet.size == size(7, 2)
    x, y = (np.asarray(tile(each)) for each in pairs.pair(0, None))
    for column, expected in ((0, x), (6, y), (7, y), (13, x)):
        np.testing.assert_array_equal(shown(sheet, column, 0, 7), expected)
    with torch.inference_mode():
        inputs = [each[None] for each in pairs.pair(0, None)]
        style = IIAEInference(iiae, None, CPU).exclusive("y", inputs[1])
        outputs = iiae.translate("x", inputs[0])[0], iiae.translate("x", inputs[0], style)[0]
    assert (outputs[0] - outputs[1]).abs().max() > 0.1
    for column, expected in zip((4, 5), outputs, strict=True):
        found = shown(sheet, column, 0, 7).astype(int)
        np.testing.assert_allclose(found, np.asarray(tile(expected)), atol=1)
    assert all(has_head(sheet, column, 7) for column in range(14))


def test_a_system_without_styles_has_one_output(pairs):
    torch.manual_seed(0)
    system = Pix2Pix(replace(PRESET, system="pix2pix"))
    inference = TranslatorInference(system, CPU)
    sheet = translations(inference, pairs, count=2)
    assert sheet.size == size(3, 2)
    x, y = pairs.pair(0, None)
    np.testing.assert_array_equal(shown(sheet, 2, 0, 3), np.asarray(tile(y)))
    with torch.inference_mode():
        output = system.translate("y", y[None])[0]
    np.testing.assert_allclose(shown(sheet, 4, 0, 3).astype(int), np.asarray(tile(output)), atol=1)
    np.testing.assert_array_equal(shown(sheet, 5, 0, 3), np.asarray(tile(x)))


@pytest.mark.parametrize("system", ["iiae", "cddn"])
def test_analogies_show_query_reference_and_output_of_both_domains(iiae, pairs, system):
    torch.manual_seed(0)
    inference = (
        IIAEInference(iiae, None, CPU)
        if system == "iiae"
        else TranslatorInference(CdDN(replace(PRESET, system="cddn")), CPU)
    )
    sheet = analogies(inference, pairs, count=2)
    assert sheet.size == size(3, 2)
    queries, references = pairs.pair(0, None), pairs.pair(round(2 * (len(pairs) - 1) / 3), None)
    for side, query, reference, first in zip("xy", queries, references, (0, 3), strict=True):
        codes = inference.exclusive(side, reference[None]), inference.shared(side, query[None])
        output = inference.decode(side, *codes)[0]
        for column, expected in enumerate((query, reference, output), first):
            np.testing.assert_allclose(
                shown(sheet, column, 0, 3).astype(int), np.asarray(tile(expected)), atol=1
            )
            assert has_head(sheet, column, 3)


def test_analogies_with_two_references_in_one_domain(iiae, pairs):
    inference = IIAEInference(iiae, None, CPU)
    sheet = analogies(inference, pairs, count=2, references=2, sides=("y",))
    assert sheet.size == (5 * STEP - GAP, TOP + 2 * STEP - GAP)
    numbers = np.linspace(0, len(pairs) - 1, 6).round().astype(int)
    query, first, second = (pairs.pair(int(number), None)[1] for number in numbers[1::2])
    outputs = [analogy(inference, "y", query[None], each[None])[0] for each in (first, second)]
    for column, expected in enumerate((query, first, outputs[0], second, outputs[1])):
        np.testing.assert_allclose(shown(sheet, column, 1, 5).astype(int), np.asarray(tile(expected)), atol=1)
        assert has_head(sheet, column, 5)


def test_training_writes_the_translations_of_its_networks(iiae, pairs, tmp_path):
    translation_writer(pairs)(iiae, tmp_path / "sample.png")
    written = Image.open(tmp_path / "sample.png")
    drawn = translations(IIAEInference(iiae, None, CPU), pairs)
    assert written.size == size(6, 6)
    for column in range(5):
        first, second = shown(written, column, 0, 6), shown(drawn, column, 0, 7)
        np.testing.assert_allclose(first.astype(int), second, atol=1)
    torch.manual_seed(0)
    translation_writer(pairs)(Pix2Pix(replace(PRESET, system="pix2pix")), tmp_path / "other.png")
    assert Image.open(tmp_path / "other.png").size == size(3, 6)
