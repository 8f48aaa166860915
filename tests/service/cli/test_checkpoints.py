"""Checkpoints loaded by name or folder, without a registry."""

import pytest
from serving import publish_tiny

from model.checkpoint import CheckpointError, read_manifest, released
from service.cli.checkpoints import load_model, newest_digests


def test_the_newest_version_of_a_name_is_loaded_or_that_of_a_folder(tmp_path):
    older, newer = publish_tiny(tmp_path), publish_tiny(tmp_path, seed=1)
    for name, folder in (("tiny", newer), (str(older), older)):
        model = load_model(tmp_path, name, "cpu")
        assert (model.id, model.version) == ("tiny", folder.name)
        assert model.digest == read_manifest(folder).weights_sha256
    with pytest.raises(CheckpointError, match="there is no checkpoint 'none'"):
        load_model(tmp_path, "none", "cpu")


def test_digests_are_those_of_the_newest_sound_versions(tmp_path):
    publish_tiny(tmp_path)
    newest = publish_tiny(tmp_path, seed=1)
    (publish_tiny(tmp_path, "broken") / "manifest.json").write_text("{}")
    sound = {manifest.name: manifest.weights_sha256 for manifest in map(read_manifest, [*released(), newest])}
    assert newest_digests(tmp_path) == sound
