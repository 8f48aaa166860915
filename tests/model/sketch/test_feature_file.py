"""The file that keeps the features of a training's pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from model.data.pairs import DataError
from model.sketch import feature_file
from model.sketch.feature_file import load_features, save_features
from model.sketch.feature_pairs import LabelledFeatures


@pytest.fixture
def features() -> LabelledFeatures:
    # A transposed matrix is not contiguous, and safetensors stores contiguous tensors only.
    return LabelledFeatures(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).T, np.arange(3))


def test_features_come_back_as_they_were_saved(tmp_path, features):
    path = tmp_path / "features.safetensors"
    save_features(path, {"trained": {"photos": features, "doodles": features}, "held_out": {}}, "folder-1")
    save_features(
        path,
        {"trained": {"photos": features}, "held_out": {"photos": features, "icons": features}},
        "folder-2",
    )
    found = load_features(path, "folder-2")
    assert {group: list(kinds) for group, kinds in found.items()} == {
        "trained": ["photos"],
        "held_out": ["photos", "icons"],
    }
    torch.testing.assert_close(found["held_out"]["icons"].features, features.features, rtol=0, atol=0)
    assert found["trained"]["photos"].labels.tolist() == [0, 1, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_features_of_another_checkpoint_and_no_features_are_refused(tmp_path, features):
    path = tmp_path / "features.safetensors"
    with pytest.raises(DataError, match="train the model again"):
        load_features(path, "folder-1")
    save_features(path, {"trained": {"photos": features}}, "folder-1")
    with pytest.raises(DataError, match="has the features of folder-1, not of folder-2"):
        load_features(path, "folder-2")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="has no features"):
        load_features(path, "folder-1")
    path.write_bytes(b"")
    with pytest.raises(DataError, match="has no features"):
        load_features(path, "folder-1")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, features, monkeypatch):
    path = tmp_path / "features.safetensors"
    save_features(path, {"trained": {"photos": features}}, "folder-1")

    def full(tensors: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"part")
        raise SafetensorError("no space left on device")

    monkeypatch.setattr(feature_file, "save_file", full)
    with pytest.raises(OSError, match="no space left"):
        save_features(path, {"trained": {"photos": features}}, "folder-2")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert load_features(path, "folder-1").keys() == {"trained"}
