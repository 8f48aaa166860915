"""Compared systems as published checkpoints: what is stored, and what they can do when they are served."""

from dataclasses import replace

import pytest
import torch

from model import checkpoint
from model.baselines.systems import SYSTEMS, translator_of
from model.data.synthetic import SyntheticPairs
from model.inference import analogy, translate
from model.presets import PRESETS

PRESET = replace(PRESETS["facades"], image_size=32, width=0.0625)
CPU = torch.device("cpu")


def published(store, system):
    torch.manual_seed(0)
    trained = translator_of(replace(PRESET, system=system)).eval()
    folder = checkpoint.publish(
        store, "facades", trained, trained_on="", terms="", command="", seed=0, data_fingerprint=""
    )
    return trained, folder


def pictures():
    pairs = SyntheticPairs(3, 32)
    return tuple(torch.stack(side) for side in zip(*(pairs.pair(i, None) for i in range(3)), strict=True))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_loaded_system_translates_as_the_trained_one(tmp_path, system):
    trained, folder = published(tmp_path, system)
    inference = checkpoint.load(folder, CPU)
    x, y = pictures()
    for source, side, pixels in (("x", "y", x), ("y", "x", y)):
        z = torch.randn(3, trained.style_size, generator=torch.Generator().manual_seed(0))
        expected = trained.translate(source, pixels, z if trained.style_size else None)
        torch.testing.assert_close(translate(inference, source, pixels, z), expected)
        assert inference.decode(side, z, inference.shared(source, pixels)).shape == pixels.shape
    assert checkpoint.read_manifest(folder).preset.system == system


@pytest.mark.parametrize("system", SYSTEMS)
def test_networks_that_only_training_needs_are_not_published(tmp_path, system):
    trained, folder = published(tmp_path, system)
    _, loaded = checkpoint.load_translator(folder)
    stored = {name.split(".")[0] for name, _ in loaded.named_parameters()}
    everything = {name.split(".")[0] for name, _ in trained.named_parameters()}
    assert stored == everything - set(trained.only_trained)
    assert not any("critic" in name or "discriminator" in name for name in stored)


def test_capabilities_say_what_each_system_can_do(tmp_path):
    found = {
        system: checkpoint.load(published(tmp_path / system, system)[1], CPU).capabilities
        for system in SYSTEMS
    }
    assert found == {
        "pix2pix": {"translate"},
        "bicyclegan": {"translate", "styles"},
        "cddn": {"translate", "styles", "analogy", "retrieve", "embed"},
    }


def test_cddn_combines_and_searches_as_iiae_does(tmp_path):
    trained, folder = published(tmp_path, "cddn")
    inference, (x, _) = checkpoint.load(folder, CPU), pictures()
    codes = trained.encode("x", x)
    torch.testing.assert_close(inference.search_codes("x", x), codes.shared.flatten(1))
    torch.testing.assert_close(
        analogy(inference, "x", x[:1], x[1:2]), trained.decoded("x", codes.exclusive[1:2], codes.shared[:1])
    )
    assert inference.domain_score(x).shape == (3,)


def test_a_checkpoint_of_another_system_is_refused_by_name(tmp_path):
    _, folder = published(tmp_path, "pix2pix")
    with pytest.raises(checkpoint.CheckpointError, match="pix2pix model"):
        checkpoint.load_parts(folder)
    with pytest.raises(checkpoint.CheckpointError, match="is an IIAE model"):
        checkpoint.load_translator(
            next(folder for folder in checkpoint.released() if folder.name == "facades")
        )


def test_a_picture_size_that_cannot_be_halved_to_one_pixel_is_refused():
    with pytest.raises(ValueError, match="power of two"):
        replace(PRESET, system="pix2pix", image_size=96)
