"""MNIST-CDCB made from digits, compared with the published pairs."""

import numpy as np
import torch
from digits import write_mnist
from PIL import Image

from model.data.mnist_cdcb import HELD_OUT, INK, bicubic, compose, open_mnist_cdcb

DOMAINS = ("cd", "cb")


def rng(seed=0):
    return np.random.default_rng(seed)


def test_cdcb_keeps_the_digit_and_colours_the_rest(tmp_path):
    digit = np.zeros((28, 28), np.uint8)
    digit[10:18, 12:16] = 200
    x, y = compose(digit, np.array([10, 20, 30]), np.array([250, 240, 230]))
    inked = digit > INK
    assert (x[:, inked] == 200).all() and (x[:, ~inked] == np.array([10, 20, 30])[:, None]).all()
    assert (y[:, ~inked] == 0).all() and (y[:, inked] == np.array([250, 240, 230])[:, None]).all()


def test_cdcb_splits_and_colours(tmp_path):
    write_mnist(tmp_path)
    train, val = (open_mnist_cdcb(tmp_path, split, 32, DOMAINS) for split in ("train", "val"))
    assert (len(train), len(val)) == (30, HELD_OUT)
    assert not torch.equal(train.pair(0, rng(0))[0], train.pair(0, rng(1))[0])
    assert torch.equal(train.pair(0, None)[0], train.pair(0, None)[0])


def test_bicubic_repeats_edges_and_keeps_level():
    enlarge = bicubic(28, 64)
    np.testing.assert_allclose(enlarge.sum(1), 1, rtol=1e-5)
    assert (bicubic(28, 28) == np.eye(28)).all()


def test_cdcb_is_made_as_the_originals(real_data):
    """The published pairs show MNIST's first 20 test digits; ours differ by under 1.5 of 255."""
    enlarge = bicubic(28, 256)
    smaller = np.linalg.pinv(enlarge)
    errors = []
    for number in range(1, 21):
        both = np.asarray(Image.open(real_data / "mnist_cdcb" / f"{number:05d}.png").convert("RGB")).astype(
            float
        )
        x, y = both[:, :256].transpose(2, 0, 1), both[:, 256:].transpose(2, 0, 1)
        ground = np.median(x[:, :20], axis=(1, 2)).round().astype(np.int64)
        small_x, small_y = smaller @ x @ smaller.T, smaller @ y @ smaller.T
        inked = np.abs(small_x - ground[:, None, None]).max(0) > 30
        ink = np.median(small_y[:, inked], axis=1).round().astype(np.int64)
        digit = np.where(inked, small_x.mean(0), small_y.mean(0)).clip(0, 255).round().astype(np.uint8)
        made = compose(
            np.where(inked, np.maximum(digit, INK + 1), np.minimum(digit, INK)).astype(np.uint8), ground, ink
        )
        errors += [
            np.abs((enlarge @ ours @ enlarge.T).clip(0, 255) - theirs).mean()
            for ours, theirs in zip(made, (x, y), strict=True)
        ]
    assert np.mean(errors) < 1.5
