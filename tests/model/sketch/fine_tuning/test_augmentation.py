"""Random views stay within their documented ranges."""

import numpy as np
import pytest
import torch

from model.sketch.fine_tuning.augmentation import erase_and_thicken, random_views


@pytest.mark.parametrize("sketch", [False, True])
def test_views_are_reproducible_and_show_the_picture(sketch):
    pixels = np.full((6, 80, 80, 3), 255, np.uint8)
    pixels[:, 30:50, 30:50] = 0
    views = [
        random_views(pixels, 48, np.random.default_rng(seed), sketch=sketch, jitter=0.02)
        for seed in (0, 0, 1)
    ]
    assert views[0].shape == (6, 3, 48, 48)
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert float(views[0].min()) >= -1.001
    assert float(views[0].max()) <= 1.001
    dark = (views[0].mean(1) < 0).float().mean((1, 2))
    assert ((dark > 0.01) & (dark < 0.3)).all()
    if sketch:
        assert (views[0][:, :, 0] > 0.9).all()  # white paper at the border


def test_a_third_of_the_sketches_get_thicker_and_none_thinner():
    sketches = torch.ones(300, 3, 32, 32)
    sketches[:, :, 15:17, 4:28] = -1
    views = erase_and_thicken(sketches, np.random.default_rng(0), 0.0)
    ink = (views.mean(1) < 0).sum((1, 2))
    assert set(ink.tolist()) == {2 * 24, 4 * 26}
    assert 70 < int((ink > 48).sum()) < 130


def test_jitter_frays_half_of_the_sketches_slightly():
    pixels = np.full((32, 96, 96, 3), 255, np.uint8)
    pixels[:, 46:50, 10:86] = 0
    calm, jittered = (
        random_views(pixels, 96, np.random.default_rng(0), sketch=True, jitter=reach) for reach in (0.0, 0.05)
    )
    changed = ((calm - jittered).abs().amax(1) > 0.5).float().mean((1, 2))
    assert (changed > 0).sum() >= 8
    assert (changed == 0).sum() >= 8
    assert changed.max() < 0.12


def test_ink_dropout_erases_up_to_its_share_of_the_ink():
    pixels = np.full((32, 96, 96, 3), 255, np.uint8)
    pixels[:, 16:80, 16:80] = 0
    whole, erased = (
        (random_views(pixels, 96, np.random.default_rng(0), sketch=True, ink_dropout=share).mean(1) < 0)
        .float()
        .mean((1, 2))
        for share in (0.0, 0.6)
    )
    remaining = erased / whole
    assert remaining.min() < 0.65
    assert remaining.max() > 0.9
    assert remaining.min() > 0.3
    assert 0.6 < remaining.mean() < 0.85  # 0.7, plus what thickening closes again
