"""The file that keeps the features of a training's pictures."""

import numpy as np
import pytest
import torch

from model.data.pairs import DataError
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
    with pytest.raises(DataError, match="has no features"):
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
