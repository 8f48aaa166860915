"""Batches of fine-tuning, and the checks of the data before it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_sketch import RECIPE, blank_pictures

from model.data.pairs import DataError
from model.sketch.fine_tuning import training_set
from model.sketch.fine_tuning.augmentation import CPU, random_views
from model.sketch.fine_tuning.training_set import (
    Batch,
    TrainingSet,
    check_batch,
    check_classes,
    sample_indices,
)
from model.sketch.pictures import Pictures


def test_an_epoch_has_every_photo_once_each_with_a_sketch_of_its_class():
    photo_labels, sketch_labels = np.repeat(np.arange(4), 8), np.repeat(np.arange(4), 5)
    recipe = replace(RECIPE, batch=8)
    epoch = [
        sample_indices(photo_labels, sketch_labels, recipe, step, np.random.default_rng(step))
        for step in range(4)
    ]
    for photos, sketches in epoch:
        assert (photo_labels[photos] == sketch_labels[sketches]).all()
    assert sorted(np.concatenate([photos for photos, _ in epoch])) == list(range(32))


def training_set_of(pictures: Pictures, doodles: Pictures | None = None) -> TrainingSet:
    targets = torch.full((len(pictures.labels), 1000), 1e-3)
    return TrainingSet(pictures, pictures, targets, targets[:4], doodles)


def black_doodles(*labels: int) -> Pictures:
    """Black pictures, which no sketch is."""
    return Pictures(np.zeros((len(labels), 64, 64, 3), np.uint8), np.array(labels))


def test_sketches_are_augmented_as_the_recipe_says(monkeypatch):
    options: list[dict[str, object]] = []
    monkeypatch.setattr(
        training_set,
        "random_views",
        lambda *given, **named: options.append(named) or random_views(*given, **named),
    )
    recipe = replace(RECIPE, jitter=0.07, ink_dropout=0.45)
    batch = training_set_of(blank_pictures()).batch(0, 48, recipe, CPU)
    assert options == [{}, {"sketch": True, "jitter": 0.07, "ink_dropout": 0.45}]
    assert batch.pixels.shape == (32, 3, 48, 48)


def drawings_of(monkeypatch, pictures: Pictures, doodles: Pictures, recipe) -> tuple[list[float], Batch]:
    """The mean brightness of each drawing before it is augmented, and the batch."""
    given: list[np.ndarray] = []
    monkeypatch.setattr(
        training_set,
        "random_views",
        lambda pixels, *more, **named: given.append(pixels) or random_views(pixels, *more, **named),
    )
    batch = training_set_of(pictures, doodles).batch(0, 48, recipe, CPU)
    return [float(each.mean()) for each in given[1]], batch


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_doodles_of_the_same_class_replace_sketches(monkeypatch, rate):
    sketches = blank_pictures()
    recipe = replace(RECIPE, doodle_rate=rate, doodles=0)
    brightness, batch = drawings_of(monkeypatch, sketches, black_doodles(1, 1, 3), recipe)
    expected = [255 * (1 - rate) if label == 1 else 255.0 for label in batch.labels[16:].tolist()]
    assert brightness == expected
    assert set(batch.labels.tolist()) == {0, 1}


def test_further_doodles_come_in_pairs_of_a_class(monkeypatch):
    recipe = replace(RECIPE, doodle_rate=0.0, doodles=4)
    brightness, batch = drawings_of(monkeypatch, blank_pictures(), black_doodles(1, 2, 2, 3), recipe)
    assert brightness[16:] == [0.0] * 4
    first, second = batch.labels[32:].tolist()[::2], batch.labels[32:].tolist()[1::2]
    assert first == second and len(set(first)) == 2


def test_icons_are_photos_of_the_things_whose_doodles_are_in_the_batch():
    pictures, targets = blank_pictures(), torch.full((5, 1000), 1e-3)
    icons = black_doodles(1, 2, 2, 4)
    data = TrainingSet(pictures, pictures, targets[:1].expand(16, -1), targets, black_doodles(2, 2), icons)
    batch = data.batch(0, 48, replace(RECIPE, doodles=2, icons=2), CPU)
    assert batch.labels[-2:].tolist()[0] == 2  # the doodles' thing comes first
    assert batch.labels[-2:].tolist()[1] in {1, 4}
    assert float(batch.pixels[-2:].mean()) < -0.5
    assert len(batch.pixels) == len(batch.targets) == len(batch.weights) == 16 + 16 + 2 + 2


def test_doodles_without_a_target_are_not_distilled():
    pictures = blank_pictures()
    targets = torch.full((4, 1000), 1e-3)
    targets[3] = 0
    data = TrainingSet(pictures, pictures, targets[:1].expand(16, -1), targets, black_doodles(2, 3))
    batch = data.batch(0, 48, replace(RECIPE, doodles=4, distillation=0.5, sketch_distillation=0.25), CPU)
    assert batch.weights[:16].tolist() == [0.5 / 16] * 16
    weights = dict(zip(batch.labels[16:].tolist(), batch.weights[16:].tolist(), strict=True))
    assert weights == {0: 0.25 / 16, 1: 0.25 / 16, 2: 0.25 / 16, 3: 0.0}


def test_fewer_photos_than_a_batch_are_refused():
    with pytest.raises(DataError, match=r"at least 17 readable photos of seen classes.*found 16"):
        check_batch(blank_pictures(16), 17)
    check_batch(blank_pictures(16), 16)


def test_classes_without_a_readable_photo_or_sketch_are_refused():
    pictures = blank_pictures()
    check_classes(pictures, pictures, ("cat", "dog"))
    with pytest.raises(DataError, match="at least 1 readable photo of each seen class; found none of owl"):
        check_classes(pictures, pictures, ("cat", "dog", "owl"))
    cats = Pictures(pictures.pixels[:8], pictures.labels[:8])
    with pytest.raises(DataError, match="at least 1 readable sketch of each seen class; found none of dog"):
        check_classes(pictures, cats, ("cat", "dog"))


def test_a_single_class_is_refused():
    cats = Pictures(blank_pictures().pixels[:8], np.zeros(8, np.int64))
    with pytest.raises(DataError, match="at least 2 seen classes; found 1"):
        check_classes(cats, cats, ("cat",))
