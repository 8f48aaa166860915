"""A loaded checkpoint has run once, so a broken model fails when it is loaded."""

from pathlib import Path

import pytest
import torch
from published_models import CPU, KNOWING, SKETCHES, add

from model.checkpoint import CheckpointError, read_manifest
from model.iiae import IIAE
from model.sketch.backbone.backbone import Backbone
from service.registry.loading import load
from service.registry.store import find_candidates


def test_model_has_the_manifests_digest_and_the_published_weights(store: Path) -> None:
    published: list[IIAE] = []
    folder = add(store, damage=published.append)
    [candidate] = find_candidates(store)["digits"]
    model = load(candidate, CPU)
    assert (model.id, model.version) == ("digits", folder.name)
    assert model.digest == read_manifest(folder).weights_sha256
    pixels = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = published[0].eval().shared("x", pixels).mean
    torch.testing.assert_close(model.inference.shared("x", pixels), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", ["fe", "r_zs", "q_z", "p"])
@pytest.mark.parametrize("side", ["x", "y"])
def test_nan_in_any_network_is_refused(store: Path, network: str, side: str) -> None:
    def damage(iiae: IIAE) -> None:
        for parameter in getattr(iiae, network)[side].parameters():
            parameter.data.fill_(float("nan"))

    add(store, damage=damage)
    [candidate] = find_candidates(store)["digits"]
    with pytest.raises(CheckpointError, match="not numbers"):
        load(candidate, CPU)


def test_nan_in_the_exclusive_encoder_of_a_sketch_model_is_refused(store: Path) -> None:
    """A sketch model decodes nothing, so only its codes can show the damage."""

    def damage(iiae: IIAE) -> None:
        for parameter in iiae.q_z["y"].parameters():
            parameter.data.fill_(float("nan"))

    add(store, preset=SKETCHES, damage=damage)
    [candidate] = find_candidates(store)["digits"]
    with pytest.raises(CheckpointError, match="not numbers"):
        load(candidate, CPU)


def test_nan_in_the_projection_of_things_is_refused(store: Path) -> None:
    """It is no part of zs, so only search codes can show the damage."""

    def damage(backbone: Backbone) -> None:
        assert backbone.thing_projection is not None
        backbone.thing_projection.weight.data.fill_(float("nan"))

    add(store, preset=KNOWING, damage_backbone=damage)
    [candidate] = find_candidates(store)["digits"]
    with pytest.raises(CheckpointError, match="not numbers"):
        load(candidate, CPU)
