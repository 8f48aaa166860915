"""Search results mark right and wrong hits; bars show each class's value."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from model.data.sketchy import read_sketchy
from model.evaluation.marks import RIGHT, WRONG, mark_side
from model.evaluation.sheet import GAP, line_height, text_size
from model.evaluation.sketch_figures import APART, BAR, TILE, class_bars, search_rows
from model.iiae_inference import IIAEInference
from model.presets import PRESETS, SketchInput


class ByBrightness(IIAEInference):
    """A model whose codes depend on the brightness only."""

    def __init__(self):
        self.preset = replace(PRESETS["sketchy"], image_size=32, sketch=SketchInput(drawings=False))

    def prepare(self, image, side):
        return torch.from_numpy(np.asarray(image.resize((32, 32)), np.float32)).permute(2, 0, 1)

    def search_codes(self, side, pixels):
        bright = pixels.mean((1, 2, 3)) / 255
        return torch.stack([torch.cos(bright), torch.sin(bright)], 1)


@pytest.fixture
def catalogue(tmp_path):
    for label, shade in (("dark", 20), ("light", 220)):
        for kind in ("photo", "sketch"):
            folder = tmp_path / kind / label
            folder.mkdir(parents=True)
            for number in range(3):
                Image.new("RGB", (40, 40), (shade + number,) * 3).save(folder / f"{number}.png")
    return read_sketchy(tmp_path)


def test_hits_of_the_sketchs_class_are_marked_right(catalogue):
    sheet = search_rows(ByBrightness(), catalogue, count=4, k=5)
    top, step, corner = line_height(text_size(TILE)), TILE + GAP, TILE - mark_side(TILE)
    assert sheet.size == (TILE + APART + 5 * step - GAP, top + 4 * step - GAP)
    lefts = [TILE + APART + column * step for column in range(5)]
    for row in range(4):
        marks = [sheet.getpixel((left + corner, top + row * step + corner)) for left in lefts]
        assert marks == [RIGHT] * 3 + [WRONG] * 2
    heads = np.asarray(sheet)[:top].min(2) < 255
    assert all(heads[:, left : left + TILE].any() for left in (0, *lefts))


def test_bars_are_sorted_and_proportional_to_their_values():
    sheet = class_bars({"low": 0.2, "high": 0.9, "middle": 0.5}, chance=0.1)
    lengths = [sum(sheet.getpixel((x, row * 20 + 14)) == BAR for x in range(sheet.width)) for row in range(3)]
    assert lengths == pytest.approx([450, 250, 100], abs=6)
