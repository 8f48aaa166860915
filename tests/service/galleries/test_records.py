"""The spec of a gallery follows from the model that embeds its photos."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from model.presets import PRESETS
from service.galleries.records import GallerySpec
from service.registry.model import Model


@pytest.mark.parametrize("name", ["facades", "sketchy"])
def test_a_spec_describes_the_models_embeddings_of_a_domain(name):
    preset = replace(PRESETS[name], domains=("first", "second"))
    inference = SimpleNamespace(preset=preset, search_size=7)
    model = Model(id="m", version="1", digest="d", manifest=None, inference=inference)
    specs = [GallerySpec.of(model, side, credit="by me") for side in ("x", "y")]
    assert [spec.domain for spec in specs] == ["first", "second"]
    for spec in specs:
        assert (spec.model, spec.digest, spec.distance) == ("m", "d", preset.distance)
        assert spec.credit == "by me"
    assert specs[0].dim == 7
    assert (specs[0].drawn, specs[0].expand) == (False, True)
    drawn = GallerySpec.of(model, "x", drawn=True)
    assert (drawn.drawn, drawn.expand) == (True, False)
    assert GallerySpec.of(model, "x", drawn=True, expand=True).expand
    assert not GallerySpec.of(model, "x", expand=False).expand
    assert specs[0].identity != specs[1].identity
