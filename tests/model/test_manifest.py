"""The JSON form of manifests, which must not change."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from model import checkpoint, manifest
from model.manifest import FlatPreset, Manifest, flat_preset
from model.presets import PRESETS, SketchInput
from model.sealed_json import seal
from model.sketch.calibration import Calibration

SHIPPED = {folder.name: folder / checkpoint.MANIFEST for folder in checkpoint.released()}
LATER_KEYS = {
    "preset": {
        "drawings",
        "mirrored",
        "classified",
        "things",
        "thing_size",
        "thing_weight",
        "drawn_thing_weight",
        "system",
    },
    "manifest": {"calibration", "held_out"},
    "curve": {"strong", "possible"},
}
"""Keys that the oldest shipped manifests lack; they are written since."""


@pytest.mark.parametrize("name", ["facades", "mnist-cdcb", "sketchy"])
def test_shipped_manifests_are_written_as_they_were_read(name):
    text = SHIPPED[name].read_bytes()
    before, after = json.loads(text), json.loads(manifest.to_json(manifest.from_json(text)))
    del before["checksum"], after["checksum"]  # they differ if keys were added since
    assert after["preset"].keys() - before["preset"].keys() <= LATER_KEYS["preset"]
    assert after.keys() - before.keys() <= LATER_KEYS["manifest"]
    assert {key: after["preset"][key] for key in before["preset"]} == before["preset"]
    for kind, curve in before.get("calibration", {}).items():
        written = after["calibration"][kind]
        assert written.keys() - curve.keys() <= LATER_KEYS["curve"]
        after["calibration"][kind] = {key: written[key] for key in curve}
    del before["preset"], after["preset"]
    assert {key: after[key] for key in before} == before


def test_published_manifests_have_the_same_keys_in_the_same_order():
    shipped = json.loads(SHIPPED["sketchy"].read_bytes())
    for preset in PRESETS.values():
        written = json.loads(manifest.to_json(some_manifest(preset)))
        assert list(written) == list(shipped)
        written_keys, shipped_keys = (
            [key for key in each["preset"] if key not in LATER_KEYS["preset"]] for each in (written, shipped)
        )
        assert written_keys == shipped_keys


def test_a_manifest_from_before_grades_has_the_usual_limits_and_stores_them():
    text = json.loads(SHIPPED["sketchy"].read_bytes())
    for curve in text["calibration"].values():
        for key in LATER_KEYS["curve"]:
            curve.pop(key, None)
    old = manifest.from_json(json.dumps(seal(text)).encode())
    assert {(curve.strong, curve.possible) for curve in old.calibration.values()} == {(0.9, 0.5)}
    stored = json.loads(manifest.to_json(old))["calibration"]
    assert {(curve["strong"], curve["possible"]) for curve in stored.values()} == {(0.9, 0.5)}


@pytest.mark.parametrize("limits", [{"strong": 1.5}, {"possible": -0.1}, {"strong": 0.4, "possible": 0.5}])
def test_limits_of_grades_that_are_no_probabilities_are_refused(limits):
    text = json.loads(SHIPPED["sketchy"].read_bytes())
    text["calibration"]["y"] |= limits
    with pytest.raises(ValidationError, match="strong"):
        manifest.from_json(json.dumps(seal(text)).encode())


def test_only_probabilities_have_a_grade():
    curve = Calibration(9.0, -4.0, strong=0.7, possible=0.2)
    published = replace(some_manifest(PRESETS["sketchy"]), calibration={"y": curve})
    assert [published.grade("y", score) for score in (0.7, 0.2, 0.1)] == ["strong", "possible", "weak"]
    assert published.grade("x", 0.99) is None
    assert some_manifest(PRESETS["facades"]).grade("y", 0.99) is None


def test_a_model_of_things_has_other_kinds_of_queries_in_galleries_of_drawn_pictures():
    """Other models compare all galleries alike, so their curves are the same."""
    sketch = replace(PRESETS["sketchy"].require_sketch(), things=6)
    knowing = some_manifest(replace(PRESETS["sketchy"], sketch=sketch))
    assert knowing.query_kind("x", expand=True, drawn=True) == "drawn_x"
    assert knowing.query_kind("y", drawn=True) == "drawn_y"
    assert knowing.query_kind("y", expand=True, drawn=True) == "drawn_y_expanded"
    assert knowing.query_kind("y", expand=True) == "y_expanded"
    calibrated = replace(knowing, calibration={"y": Calibration(9.0, -4.0)})
    assert [calibrated.scores(kind) for kind in ("y", "drawn_y")] == ["probability", "inner_product"]
    assert some_manifest(PRESETS["sketchy"]).query_kind("y", drawn=True) == "y"


def some_manifest(preset):
    return Manifest(
        name="some",
        version="1",
        preset=preset,
        trained_on="nothing",
        terms="none",
        command="a test",
        seed=0,
        data_fingerprint="0",
        weights_sha256="0" * 64,
    )


def test_settings_of_things_survive_a_manifest():
    sketch = replace(
        PRESETS["sketchy"].require_sketch(),
        things=1_500,
        thing_size=64,
        thing_weight=0.5,
        drawn_thing_weight=2.0,
    )
    preset = replace(PRESETS["sketchy"], sketch=sketch)
    assert manifest.from_json(manifest.to_json(some_manifest(preset))).preset == preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_a_manifest(name):
    written = manifest.to_json(some_manifest(PRESETS[name]))
    assert manifest.from_json(written).preset == PRESETS[name]


def test_every_setting_of_a_sketch_model_survives_a_manifest():
    sketch = SketchInput(
        backbone="efficientnet-lite0",
        feature_size=64,
        encoders="linear_each",
        mirrored=False,
        classified=False,
        things=30,
        drawings=False,
    )
    preset = replace(PRESETS["sketchy"], sketch=sketch, zs_size=16)
    assert manifest.from_json(manifest.to_json(some_manifest(preset))).preset == preset


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sketchy", {"backbone": None}),
        ("sketchy", {"likelihood": "laplace"}),
        ("facades", {"distance": "cosine"}),
        ("facades", {"reader": "unknown"}),
        ("facades", {"image_size": 33}),
        ("sketchy", {"shared_encoder": "linear"}),
    ],
)
def test_presets_that_contradict_themselves_are_refused(name, changes):
    text = json.loads(SHIPPED[name].read_bytes())
    text["preset"] |= changes
    with pytest.raises(ValidationError):
        manifest.from_json(json.dumps(seal(text)).encode())


def test_a_manifest_that_was_damaged_is_refused():
    text = SHIPPED["sketchy"].read_bytes()
    slope = str(manifest.from_json(text).calibration["y"].slope).encode()
    damaged = text.replace(slope, slope[:-1] + (b"2" if slope.endswith(b"1") else b"1"))
    assert damaged != text
    with pytest.raises(ValueError, match="checksum"):
        manifest.from_json(damaged)


def test_a_manifest_without_a_checksum_is_accepted():
    text = json.loads(SHIPPED["sketchy"].read_bytes())
    del text["checksum"]
    assert manifest.from_json(json.dumps(text).encode()) == manifest.from_json(
        SHIPPED["sketchy"].read_bytes()
    )


def test_an_image_preset_has_the_flat_forms_defaults():
    flat = flat_preset(PRESETS["facades"])
    assert flat == FlatPreset(
        name="facades",
        domains=("photo", "label"),
        reader="paired",
        lam=1_000.0,
        reconstruction_weight=1_000.0,
        batch_size=8,
        annealing=25_000.0,
    )


@pytest.mark.parametrize("width", [0.125, 0.25, 0.375, 0.5, 1.0])
def test_fc_channels_in_a_manifest_are_those_of_the_layer(width):
    stored = flat_preset(replace(PRESETS["cars"], width=width))
    assert stored.fc_channels == 4096 * width
    assert stored.preset() == replace(PRESETS["cars"], width=width)
    unscaled = replace(stored, fc_channels=4096).preset()  # published before `width` scaled the layer
    assert unscaled.channels(unscaled.fc_channels) == 4096
    assert flat_preset(unscaled).fc_channels == 4096


def test_a_width_of_zero_is_refused():
    with pytest.raises(ValueError, match="width"):
        replace(flat_preset(PRESETS["cars"]), width=0.0).preset()
