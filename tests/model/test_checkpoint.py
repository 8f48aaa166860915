"""Publishing and loading checkpoints; damaged ones are refused with a reason."""

import errno
import json
import os
from dataclasses import replace

import pytest
import torch

from model import checkpoint
from model.checkpoint import CheckpointError
from model.iiae import IIAE
from model.presets import PRESETS
from model.sealed_json import seal

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


@pytest.mark.parametrize("failing_write", [0, 1])
def test_a_checkpoint_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path, monkeypatch, failing_write):
    older = checkpoint.publish(tmp_path, "tiny", IIAE(PRESET), **PROVENANCE)
    fsync, writes = os.fsync, iter(range(100))

    def fail_once(descriptor):
        if next(writes) == 2 * failing_write:  # each file is synced, then its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.publish(tmp_path, "tiny", IIAE(PRESET), **PROVENANCE)
    assert list(checkpoint.published(tmp_path)) == [older]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


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


def edit(folder, change):
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(seal(manifest)))


def change_format(folder):
    edit(folder, lambda manifest: manifest.update(format=99))


def change_preprocessing(folder):
    edit(folder, lambda manifest: manifest.update(preprocessing=99))


def endless_manifest(folder):
    with (folder / "manifest.json").open("ab") as file:
        file.truncate(2**40)  # takes no space on disk


def fifo_as_manifest(folder):
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")


def fifo_as_weights(folder):
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")


def flip_a_number(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))


def change_width(folder):
    edit(folder, lambda manifest: manifest["preset"].update(width=0.25))


def raise_zs_size(folder):
    edit(folder, lambda manifest: manifest["preset"].update(zs_size=2**14))


def lose_weights(folder):
    (folder / "weights.safetensors").unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_weights, "SHA-256"),
        (damage_manifest, "manifest"),
        (change_format, "format 99"),
        (change_width, "do not fit"),
        (change_preprocessing, "preprocessing 99"),
        (raise_zs_size, "do not fit"),
        (flip_a_number, "checksum"),
        (endless_manifest, "more than 262,144 bytes"),
        (fifo_as_manifest, "not a regular file"),
        (fifo_as_weights, "not a regular file"),
        (lose_weights, "weights cannot be read"),
    ],
)
@pytest.mark.timeout(30)  # opening a FIFO waits forever
def test_damaged_checkpoints_are_refused_with_a_reason(tmp_path, damage, says):
    folder = checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE)
    damage(folder)
    with pytest.raises(CheckpointError, match=says):
        checkpoint.load(folder, torch.device("cpu"))


@pytest.mark.parametrize("name", ["../escape", "", "Capital", ".hidden", "a" * 65])
def test_names_that_could_leave_the_store_are_refused(tmp_path, name):
    with pytest.raises(CheckpointError, match="cannot be called"):
        checkpoint.publish(tmp_path, name, IIAE(PRESET), **PROVENANCE)


@pytest.mark.parametrize("folder", list(checkpoint.released()), ids=lambda folder: folder.name)
def test_networks_are_complete_on_the_cpu_after_loading(folder):
    """They are built on the meta device, which has no values."""
    _, iiae, backbone = checkpoint.load_parts(folder)
    for module in (iiae, backbone):
        if module is not None:
            for tensor in (*module.parameters(), *module.buffers()):
                assert tensor.device.type == "cpu"
            assert all(parameter.requires_grad for parameter in module.parameters())
            assert all(parameter.dtype == torch.float32 for parameter in module.parameters())


def test_figures_that_are_not_numbers_are_not_published(tmp_path):
    folder = checkpoint.publish(
        tmp_path, "some", IIAE(PRESET), metrics={"a": float("nan"), "b": 1.0}, **PROVENANCE
    )
    assert checkpoint.read_manifest(folder).metrics == {"b": 1.0}
    checkpoint.with_metrics(folder, {"c": float("inf"), "d": 2.0})
    assert checkpoint.read_manifest(folder).metrics == {"b": 1.0, "d": 2.0}
