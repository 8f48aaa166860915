"""A loaded model: its domains and its capabilities."""

from pathlib import Path

import pytest
from published_models import CPU, add

from service.errors import CapabilityMissing, DomainUnknown
from service.registry.loading import load
from service.registry.model import Model
from service.registry.store import find_candidates


@pytest.fixture
def model(store: Path) -> Model:
    add(store)
    return load(find_candidates(store)["digits"][0], CPU)


def test_domains_map_to_sides(model: Model) -> None:
    assert [model.side(domain) for domain in (None, "cd", "cb")] == ["x", "x", "y"]
    assert [model.domain("x"), model.domain("y")] == ["cd", "cb"]
    with pytest.raises(DomainUnknown, match="'cd' and 'cb'"):
        model.side("photo")


def test_missing_capability_is_refused_with_the_models_own(model: Model) -> None:
    model.require("translate")
    with pytest.raises(CapabilityMissing, match=r"'sbir'; it has .*retrieve.*translate"):
        model.require("sbir")
