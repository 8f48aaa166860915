"""MNIST-CDCB made from digits, compared with the published pairs."""

import numpy as np
import pytest
import torch
from digits import write_mnist
from PIL import Image

from model.data.mnist_cdcb import HELD_OUT, INK, bicubic, compose, open_mnist_cdcb
from model.data.pairs import labels_of

DOMAINS = ("cd", "cb")


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def mnist_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    write_mnist(folder)
    return folder


def test_x_keeps_the_digit_and_y_keeps_the_ground():
    digit = np.zeros((28, 28), np.uint8)
    digit[10:18, 12:16] = 200
    x, y = compose(digit, np.array([10, 20, 30]), np.array([250, 240, 230]))
    is_ink = digit > INK
    assert (x[:, is_ink] == 200).all() and (x[:, ~is_ink] == np.array([10, 20, 30])[:, None]).all()
    assert (y[:, ~is_ink] == 0).all() and (y[:, is_ink] == np.array([250, 240, 230])[:, None]).all()


def test_the_last_training_digits_are_the_validation_split(mnist_folder):
    sizes = {
        split: len(open_mnist_cdcb(mnist_folder, split, 32, DOMAINS)) for split in ("train", "val", "test")
    }
    assert sizes == {"train": 30, "val": HELD_OUT, "test": 10}


@pytest.mark.parametrize(
    ("split", "augment", "varies"), [("train", False, False), ("train", True, True), ("val", True, False)]
)
def test_colours_vary_from_draw_to_draw_only_in_augmented_training(mnist_folder, split, augment, varies):
    """The published pictures have fixed colours."""
    pairs = open_mnist_cdcb(mnist_folder, split, 32, DOMAINS, augment=augment)
    first, second = (pairs.pair(0, rng(seed))[0] for seed in (5, 6))
    assert torch.equal(first, second) != varies
    fixed = pairs.pair(0, None)[0]
    assert torch.equal(fixed, pairs.pair(0, None)[0])
    assert torch.equal(first, fixed) != varies
    assert not torch.equal(fixed, pairs.pair(1, None)[0])


def test_bicubic_enlargement_keeps_grey_levels():
    enlarge = bicubic(28, 64)
    np.testing.assert_allclose(enlarge.sum(1), 1, rtol=1e-5)
    assert (bicubic(28, 28) == np.eye(28)).all()


def test_pairs_equal_the_published_ones(real_data):
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
        is_ink = np.abs(small_x - ground[:, None, None]).max(0) > 30
        ink = np.median(small_y[:, is_ink], axis=1).round().astype(np.int64)
        digit = np.where(is_ink, small_x.mean(0), small_y.mean(0)).clip(0, 255).round().astype(np.uint8)
        made = compose(
            np.where(is_ink, np.maximum(digit, INK + 1), np.minimum(digit, INK)).astype(np.uint8), ground, ink
        )
        errors += [
            np.abs((enlarge @ ours @ enlarge.T).clip(0, 255) - theirs).mean()
            for ours, theirs in zip(made, (x, y), strict=True)
        ]
    assert np.mean(errors) < 1.5


@pytest.mark.parametrize("augment", [True, False])
def test_a_batch_on_a_device_has_the_same_pairs(mnist_folder, augment):
    pairs = open_mnist_cdcb(mnist_folder, "train", 64, DOMAINS, augment=augment)
    kept = pairs.on_device(torch.device("cpu"))
    drawn = kept.batch([5, 5, 7], [rng(0), rng(1), None])
    alone = [pairs.pair(index, other) for index, other in ((5, rng(0)), (5, rng(1)), (7, None))]
    for side, others in zip(drawn, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(side, torch.stack(others), atol=1e-4, rtol=0)
    assert torch.equal(drawn[0][0], drawn[0][1]) != augment


def test_each_pair_is_its_own_target_of_a_search(mnist_folder):
    """The paper's Table 2 counts the pair, not any pair of the same digit."""
    pairs = open_mnist_cdcb(mnist_folder, "train", 32, DOMAINS)
    assert len({pairs.digit(index) for index in range(len(pairs))}) < len(pairs)
    assert labels_of(pairs, None).tolist() == list(range(len(pairs)))
