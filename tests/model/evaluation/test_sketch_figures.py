"""Search results mark right and wrong hits; bars show each class's value."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from model.data.sketchy import read_sketchy
from model.evaluation.sketch_figures import BAR, GAP, MARK, RIGHT, TILE, WRONG, class_bars, search_rows
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
    assert sheet.size == (6 * (TILE + GAP) + MARK, 4 * (TILE + GAP))
    for row in range(4):
        marks = [
            sheet.getpixel((column * (TILE + GAP) + MARK + TILE - MARK, row * (TILE + GAP) + TILE - MARK))
            for column in range(1, 6)
        ]
        assert marks == [RIGHT] * 3 + [WRONG] * 2


def test_bars_are_sorted_and_proportional_to_their_values():
    sheet = class_bars({"low": 0.2, "high": 0.9, "middle": 0.5}, chance=0.1)
    lengths = [sum(sheet.getpixel((x, row * 20 + 14)) == BAR for x in range(sheet.width)) for row in range(3)]
    assert lengths == pytest.approx([450, 250, 100], abs=6)
