"""Publishing and loading checkpoints; damaged ones are refused with a reason."""

import json
from dataclasses import replace

import pytest
import torch

from model import checkpoint
from model.checkpoint import CheckpointError
from model.iiae import IIAE
from model.presets import PRESETS

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125, batch_size=4, lam=5.0, annealing=100.0)
PROVENANCE = {
    "trained_on": "synthetic pairs",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}


def test_a_loaded_checkpoint_gives_the_published_networks_codes(tmp_path):
    iiae = IIAE(PRESET).eval()
    folder = checkpoint.publish(tmp_path, "some", iiae, metrics={"top1_shared_xy": 0.5}, **PROVENANCE)
    assert checkpoint.find(tmp_path, "some") == folder
    assert checkpoint.read_manifest(folder).metrics == {"top1_shared_xy": 0.5}
    pixels = torch.rand(2, 3, 32, 32)
    loaded = checkpoint.load(folder, torch.device("cpu"))
    torch.testing.assert_close(loaded.shared("x", pixels), iiae.shared("x", pixels).mean)


def test_half_precision_halves_the_file_and_nearly_keeps_the_weights(tmp_path):
    iiae = IIAE(PRESET)
    whole, half = (
        checkpoint.publish(tmp_path, name, iiae, half=name == "half", **PROVENANCE)
        for name in ("whole", "half")
    )
    sizes = [(folder / checkpoint.WEIGHTS).stat().st_size for folder in (whole, half)]
    assert sizes[1] < 0.6 * sizes[0]
    loaded = checkpoint.load_parts(half)[1].state_dict()
    for key, tensor in iiae.state_dict().items():
        torch.testing.assert_close(loaded[key], tensor, rtol=1e-3, atol=1e-4)


def test_versions_are_listed_oldest_first_and_hidden_folders_are_ignored(tmp_path):
    folders = [checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE) for _ in range(2)]
    (tmp_path / ".some-half-written").mkdir()
    (tmp_path / "some" / "empty").mkdir()
    assert list(checkpoint.published(tmp_path)) == folders


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE)
    with pytest.raises(CheckpointError, match=r"no checkpoint 'other'.*sketchy, some"):
        checkpoint.find(tmp_path, "other")


def damage_weights(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def damage_manifest(folder):
    (folder / "manifest.json").write_text("{")


def change_format(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))


def change_width(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["preset"]["width"] = 0.25
    (folder / "manifest.json").write_text(json.dumps(manifest))


def lose_weights(folder):
    (folder / "weights.safetensors").unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_weights, "SHA-256"),
        (damage_manifest, "manifest"),
        (change_format, "format 99"),
        (change_width, "do not fit"),
        (lose_weights, "weights cannot be read"),
    ],
)
def test_damaged_checkpoints_are_refused_with_a_reason(tmp_path, damage, says):
    folder = checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE)
    damage(folder)
    with pytest.raises(CheckpointError, match=says):
        checkpoint.load(folder, torch.device("cpu"))


@pytest.mark.parametrize("name", ["../escape", "", "Capital", ".hidden", "a" * 65])
def test_names_that_could_leave_the_store_are_refused(tmp_path, name):
    with pytest.raises(CheckpointError, match="cannot be called"):
        checkpoint.publish(tmp_path, name, IIAE(PRESET), **PROVENANCE)
