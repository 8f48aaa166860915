"""Batches of fine-tuning, and the checks of the data before it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_sketch import RECIPE, blank_pictures

from model.data.pairs import DataError
from model.sketch.fine_tuning import training_set
from model.sketch.fine_tuning.augmentation import CPU, random_views
from model.sketch.fine_tuning.training_set import TrainingSet, check_batch, check_classes, sample_indices
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


def training_set_of(pictures: Pictures, doodles: np.ndarray | None = None) -> TrainingSet:
    targets = torch.full((len(pictures.labels), 1000), 1e-3)
    return TrainingSet(pictures, pictures, doodles, targets, targets[:2])


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


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_doodles_replace_the_recipes_share_of_the_sketches(monkeypatch, share):
    brightness: list[float] = []
    monkeypatch.setattr(
        training_set,
        "random_views",
        lambda pixels, *more, **named: (
            brightness.append(float(pixels.mean())) or random_views(pixels, *more, **named)
        ),
    )
    sketches = blank_pictures()
    black = np.zeros_like(sketches.pixels)
    training_set_of(sketches, black).batch(0, 48, replace(RECIPE, doodle_rate=share), CPU)
    assert brightness == [255.0, 255.0 * (1 - share)]


def test_fewer_photos_than_a_batch_are_refused():
    with pytest.raises(DataError, match=r"at least 17 readable photos of seen classes.*found 16"):
        check_batch(blank_pictures(16), 17)
    check_batch(blank_pictures(16), 16)


def test_classes_without_a_readable_photo_or_sketch_are_refused():
    pictures = blank_pictures()
    check_classes(pictures, pictures, ("cat", "dog"))
    with pytest.raises(DataError, match="at least 1 readable photo of each seen class; found none of owl"):
        check_classes(pictures, pictures, ("cat", "dog", "owl"))
    cats = Pictures(pictures.pixels[:8], pictures.labels[:8], ())
    with pytest.raises(DataError, match="at least 1 readable sketch of each seen class; found none of dog"):
        check_classes(pictures, cats, ("cat", "dog"))


def test_a_single_class_is_refused():
    cats = Pictures(blank_pictures().pixels[:8], np.zeros(8, np.int64), ())
    with pytest.raises(DataError, match="at least 2 seen classes; found 1"):
        check_classes(cats, cats, ("cat",))
