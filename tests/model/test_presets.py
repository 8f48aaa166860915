"""The presets against D.3, and the shapes that follow from them."""

from dataclasses import replace

import pytest

from model.presets import PRESETS, SketchInput, other

D3 = {
    # lambda, reconstruction weight
    "mnist-cdcb": (5, 1_000),
    "cars": (50, 1_000),
    "facades": (1_000, 1_000),
    "maps": (50, 20_000),
    "sketchy-printed": (2, 10),
}


@pytest.mark.parametrize("name", D3)
def test_hyperparameters_match_d3(name):
    preset = PRESETS[name]
    assert (preset.lam, preset.reconstruction_weight) == D3[name]
    assert preset.learning_rate == 2e-4
    assert preset.width == 1


def test_image_presets_take_pictures_of_256_pixels():
    assert {preset.image_size for preset in PRESETS.values() if preset.sketch is None} == {256}


def test_the_shipped_sketch_preset_differs_from_the_printed_one_in_five_settings():
    printed = PRESETS["sketchy-printed"]
    sketch = replace(printed.require_sketch(), encoders="linear_each", feature_size=1024, thing_size=128)
    changed = replace(printed, name="sketchy", sketch=sketch, zs_size=384, learning_rate=1e-5)
    assert changed == PRESETS["sketchy"]


@pytest.mark.parametrize("name", PRESETS)
def test_likelihood_and_distance_follow_from_the_kind_of_model(name):
    preset = PRESETS[name]
    is_sketch_model = name.startswith("sketchy")
    assert (preset.likelihood, preset.distance) == (
        ("gaussian", "cosine") if is_sketch_model else ("laplace", "l2")
    )
    assert (preset.reader == "sketchy") == is_sketch_model


def test_search_codes_have_a_part_for_things_if_training_had_things():
    preset = PRESETS["sketchy"]
    with_things = replace(preset, sketch=replace(preset.require_sketch(), things=1_500))
    assert (preset.distance, preset.search_size) == ("cosine", 384)
    assert (with_things.distance, with_things.search_size) == ("inner_product", 512)
    facades = replace(PRESETS["facades"], image_size=64, width=0.5)
    assert (facades.distance, facades.search_size) == ("l2", 64 * 2 * 2)


def test_only_sketch_presets_have_sketch_settings():
    with pytest.raises(ValueError, match="image model"):
        PRESETS["facades"].require_sketch()


@pytest.mark.parametrize(
    ("name", "shape"),
    [("facades", (64, 2, 2)), ("cars", (64,)), ("sketchy", (384,)), ("sketchy-printed", (64,))],
)
def test_the_shape_of_zs(name, shape):
    small = {"image_size": 64, "width": 0.5} if PRESETS[name].sketch is None else {}
    assert replace(PRESETS[name], **small).shared_shape == shape


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": 48},
        {"image_size": 0},
        {"width": 0.0},
        {"width": 5.0},
        {"dropout": 1.0},
        {"domains": ("a", "a")},
        {"domains": ("a", "")},
        {"domains": ("a", "b" * 201)},
        {"image_size": 1056},
        {"width": float("nan")},
        {"zs_size": 10**6},
        {"zs_size": 0},
        {"zx_size": -1},
        {"fc_channels": 10**9},
        {"batch_size": 0},
        {"annealing": 0.0},
        {"lam": float("nan")},
        {"lam": -1.0},
        {"reconstruction_weight": float("inf")},
        {"learning_rate": float("inf")},
        {"betas": (0.5, 1.0)},
        {"betas": (float("nan"), 0.9)},
    ],
)
def test_impossible_settings_are_refused(changes):
    with pytest.raises(ValueError):
        replace(PRESETS["facades"], **changes)


@pytest.mark.parametrize("size", [0, -1, 10**6])
def test_impossible_sizes_of_features_are_refused(size):
    with pytest.raises(ValueError, match="feature_size"):
        SketchInput(feature_size=size)


def test_other_is_the_opposite_side():
    assert (other("x"), other("y")) == ("y", "x")
