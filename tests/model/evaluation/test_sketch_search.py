"""Figures of sketch search use the cut-offs in their names."""

from pathlib import Path

import pytest
import torch

from model.data.sketchy import SketchyFiles
from model.evaluation import sketch_search
from model.evaluation.sketch_search import CatalogueCodes, map_by_class, measure_sketch_search
from model.iiae_inference import IIAEInference
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance
from model.sketch.expansion import expanded_scores
from model.sketch.search_codes import similarities


@pytest.fixture
def codes(monkeypatch) -> CatalogueCodes:
    """Random codes of 300 photos and 9 sketches of three classes."""
    generator = torch.Generator().manual_seed(0)
    random = {"x": torch.randn(300, 8, generator=generator), "y": torch.randn(9, 8, generator=generator)}
    served = {"x": torch.randn(300, 8, generator=generator), "y": torch.randn(9, 8, generator=generator)}
    codes = CatalogueCodes(
        zs=random,
        search=served,
        features=random,
        exclusive=random,
        standardised=None,
        labels={"x": torch.arange(300) % 3, "y": torch.arange(9) % 3},
    )
    monkeypatch.setattr(sketch_search, "encode_catalogue", lambda *_: codes)
    return codes


def test_figures_are_cut_at_the_number_of_photos_in_their_names(codes):
    figures = measure_sketch_search(IIAEInference.__new__(IIAEInference), SketchyFiles((), ()))
    relevant = ranked_relevance(cosine(codes.zs["y"], codes.zs["x"]), codes.labels["y"], codes.labels["x"])
    assert figures["map_all"] == mean_average_precision(relevant)
    assert figures["map_200"] == mean_average_precision(relevant, 200) != figures["map_all"]
    assert (figures["p_10"], figures["p_100"]) == (precision_at(relevant, 10), precision_at(relevant, 100))
    assert (figures["queries"], figures["photos"]) == (9, 300)
    assert "standardised_features_map_all" not in figures
    served = [codes.labels["y"], codes.labels["x"]]
    for prefix, score in (("search", similarities), ("expanded", expanded_scores)):
        relevant = ranked_relevance(score(codes.search["y"], codes.search["x"]), *served)
        assert figures[f"{prefix}_map_all"] == mean_average_precision(relevant)


def test_the_mean_over_classes_of_equal_size_is_the_map(codes):
    catalogue = SketchyFiles(tuple((Path(label), label) for label in "abc"), ())
    by_class = map_by_class(IIAEInference.__new__(IIAEInference), catalogue)
    figures = measure_sketch_search(IIAEInference.__new__(IIAEInference), catalogue)
    assert list(by_class) == ["a", "b", "c"]
    assert sum(by_class.values()) / 3 == pytest.approx(figures["map_all"])
