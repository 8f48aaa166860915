"""Sketch search trained on a small data set: it learns, respects held-out classes, and resumes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mapped_pairs import SIZE, mapped_pairs
from shapes import draw_shapes
from small_sketch import CLASSES, RECIPE, small_preset

from model.data.pairs import DataError
from model.data.sketchy import SketchyFiles, read_sketchy
from model.evaluation.sketch_search import encode_catalogue, map_by_class, measure_sketch_search
from model.iiae import IIAE
from model.iiae_inference import IIAEInference
from model.metrics import cosine, mean_average_precision, ranked_relevance
from model.objective import ObjectiveName
from model.presets import SIDES
from model.sketch import training as sketch_training
from model.sketch.backbone.features import pooled_features
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures
from model.sketch.fine_tuning import fine_tuning
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.pictures import Pictures, decode
from model.sketch.training import SketchPlan, TrainedSketch, train_on_features, train_sketch
from model.storage import read_tensors


def train(
    folder: Path, weights: tuple[str, Path], seen: SketchyFiles, plan: SketchPlan, **options: object
) -> TrainedSketch:
    return train_sketch(folder, small_preset(weights[0]), seen, plan, weights=weights[1], **options)


def test_training_learns_the_classes_of_photos_and_sketches(tmp_path, weights, shapes_folder):
    seen = read_sketchy(shapes_folder)
    losses: list[float] = []
    plan = SketchPlan(recipe=RECIPE, held_out=0.0, steps=60, decoder_steps=20)
    trained = train(
        tmp_path, weights, seen, plan, report_backbone=lambda step, steps, loss: losses.append(loss)
    )
    assert np.mean(losses[-6:]) < np.mean(losses[:6]) - 0.3
    heads = read_tensors(tmp_path / "run-0" / fine_tuning.STATE)[0]
    for files, drawings in ((seen.photos, False), (seen.sketches, True)):
        pictures = decode(files, CLASSES, 64, drawings=drawings)
        pooled = pooled_features(trained.backbone, pictures)
        projected = pooled @ heads["model.projection.weight"].T + heads["model.projection.bias"]
        predicted = cosine(projected, heads["model.classes"]).argmax(1).numpy()
        assert (predicted == pictures.labels).mean() > 0.7
    inference = IIAEInference(trained.iiae, trained.backbone, torch.device("cpu"))
    codes = encode_catalogue(inference, seen)
    assert codes.standardised is not None
    for side in SIDES:
        standardised, features = codes.standardised[side], codes.features[side]
        torch.testing.assert_close(standardised, trained.iiae.fe[side](features).detach())
        assert float(standardised.mean(0).abs().max()) < 0.3 < float((features - standardised).abs().max())
    figures = measure_sketch_search(inference, seen)
    assert figures["map_all"] > 0.6
    assert figures["exclusive_map_all"] < figures["map_all"] - 0.2
    by_class = map_by_class(inference, seen)
    assert list(by_class) == list(CLASSES)
    assert np.mean(list(by_class.values())) == pytest.approx(figures["map_all"], abs=1e-5)


def test_held_out_classes_are_not_trained_on(tmp_path, weights, shapes_folder, monkeypatch):
    given: list[tuple[Pictures, Pictures]] = []
    monkeypatch.setattr(
        sketch_training,
        "fine_tune",
        lambda folder, backbone, imagenet, photos, sketches, *_, **__: (
            given.append((photos, sketches)) or 1 / 0
        ),
    )
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, weights, read_sketchy(shapes_folder), SketchPlan(recipe=RECIPE, held_out=0.4))
    # Three of five classes are left, without a tenth of their 20 pictures.
    assert [(len(each.labels), set(each.labels.tolist())) for each in given[0]] == [(54, {0, 1, 2})] * 2


class KilledError(Exception):
    pass


def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path, weights, shapes_folder, recwarn
):
    seen = read_sketchy(shapes_folder).only(CLASSES[:2])
    recipe = replace(RECIPE, epochs=2, runs=2)
    plan = SketchPlan(recipe=recipe, held_out=0.0, steps=12, decoder_steps=12)

    def kill(step: int, steps: int, loss: float) -> None:
        if step == steps - 1:
            raise KilledError

    uninterrupted = train(tmp_path / "uninterrupted", weights, seen, plan)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", weights, seen, plan, report_backbone=kill)
    resumed = train(tmp_path / "killed", weights, seen, plan, resume=True)
    for part in ("backbone", "iiae"):
        expected, found = getattr(uninterrupted, part).state_dict(), getattr(resumed, part).state_dict()
        assert all(torch.equal(expected[key], found[key]) for key in expected), part
    steps = recipe.epochs * (40 // RECIPE.batch)
    assert read_tensors(tmp_path / "killed" / "run-1" / fine_tuning.STATE)[1]["step"] == steps
    assert [str(each.message) for each in recwarn if "lr_scheduler" in str(each.message)] == []


def test_too_small_a_data_set_is_reported_before_weights_are_downloaded(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(sketch_training, "imagenet_weights", lambda *_: 1 / 0)
    seen = read_sketchy(draw_shapes(tmp_path / "few", CLASSES, 2))
    with pytest.raises(DataError, match=r"at least 32 readable photos of seen classes.*found 10"):
        train(tmp_path, weights, seen, SketchPlan(recipe=Recipe(), held_out=0.0))
    for path in (tmp_path / "few" / "sketch" / "cross").iterdir():
        path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="found none of cross"):
        train(tmp_path, weights, seen, SketchPlan(recipe=Recipe(), held_out=0.0))


def test_iiae_keeps_shared_information_and_drops_the_rest(tmp_path):
    """Features are a class's code, which both domains show, plus a code of each picture's own."""
    generator = torch.Generator().manual_seed(0)
    classes, each, size = 12, 20, 64
    labels = np.repeat(np.arange(classes), each)
    shared = torch.randn(classes, size, generator=generator)[torch.from_numpy(labels)]

    def features_of_domain() -> torch.Tensor:
        own = torch.randn(len(labels), 8, generator=generator) @ torch.randn(8, size, generator=generator)
        return shared + 0.5 * own + 0.1 * torch.randn(len(labels), size, generator=generator)

    photos, sketches = features_of_domain(), features_of_domain()
    preset = small_preset(
        "efficientnet-lite0",
        encoders="printed",
        feature_size=size,
        zs_size=16,
        zx_size=8,
        batch_size=12,
        annealing=200.0,
        learning_rate=1e-3,
        reconstruction_weight=100.0,
    )
    iiae = train_on_features(
        tmp_path,
        preset,
        FeaturePairs(LabelledFeatures(photos, labels), LabelledFeatures(sketches, labels)),
        SketchPlan(recipe=RECIPE, steps=300),
        validate=lambda _: {"validation": 0.0},
    ).eval()
    class_numbers = torch.from_numpy(labels)

    def map_of(x: torch.Tensor, y: torch.Tensor) -> float:
        return mean_average_precision(ranked_relevance(cosine(y, x), class_numbers, class_numbers))

    with torch.no_grad():
        zs, z = (
            [encode(side, features).mean for side, features in (("x", photos), ("y", sketches))]
            for encode in (iiae.shared, iiae.exclusive)
        )
    assert map_of(*zs) > 0.97 > 0.92 > map_of(photos, sketches)
    assert map_of(*z) < 0.2  # chance is 1 / 12


def test_only_objectives_with_interaction_information_align_the_domains_of_unseen_classes(tmp_path):
    """The terms KL[q(zs|x, y) || r(zs|.)] do it; the ELBO has no gradient into r(zs|.)."""
    generator = torch.Generator().manual_seed(0)
    pairs, _ = mapped_pairs(80, generator)
    unseen, labels = mapped_pairs(20, generator)
    preset = small_preset(
        "efficientnet-lite0", feature_size=SIZE, zs_size=SIZE, batch_size=80, learning_rate=1e-3
    )

    def map_of(iiae: IIAE) -> dict[str, float]:
        with torch.no_grad():
            x, y = iiae.shared("x", unseen.photos).mean, iiae.shared("y", unseen.sketches).mean
        found = mean_average_precision(ranked_relevance(cosine(y, x), labels, labels))
        return {"validation": found}

    def trained(objective: ObjectiveName, steps: int) -> float:
        plan = SketchPlan(recipe=RECIPE, decoder_steps=12, steps=steps, objective=objective)
        folder = tmp_path / f"{objective}-{steps}"
        return map_of(train_on_features(folder, preset, pairs, plan, validate=map_of).eval())["validation"]

    start = trained("elbo", 1)
    assert trained("elbo", 24) < start + 0.02
    assert trained("iiae", 24) > start + 0.2
    assert trained("ii-mi", 24) > start + 0.1


@pytest.mark.parametrize("start", ["components", "regression"])
def test_encoders_of_zs_start_where_the_plan_says(tmp_path, monkeypatch, start):
    given: list[bool] = []

    def start_encoders(*_: object, regression: bool) -> None:
        given.append(regression)

    monkeypatch.setattr(sketch_training, "init_shared_encoders", start_encoders)
    pairs, _ = mapped_pairs(6, torch.Generator().manual_seed(0))
    preset = small_preset("efficientnet-lite0", feature_size=SIZE, zs_size=SIZE, batch_size=6)
    plan = SketchPlan(recipe=RECIPE, decoder_steps=6, steps=6, start=start)
    train_on_features(tmp_path, preset, pairs, plan, validate=lambda _: {"validation": 0.0})
    assert given == [start == "regression"]


def test_encoders_are_frozen_while_the_decoders_train_and_trained_afterwards(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    labels = np.repeat(np.arange(6), 8)
    photos, sketches = (torch.randn(len(labels), 64, generator=generator) for _ in range(2))
    encoders: list[torch.Tensor] = []

    class RecordingRun(sketch_training.Run):
        def train(self) -> dict[str, float]:
            encoders.append(
                torch.cat([weight.detach().flatten().clone() for weight in self.iiae.r_zs.parameters()])
            )
            return super().train()

    monkeypatch.setattr(sketch_training, "Run", RecordingRun)
    iiae = train_on_features(
        tmp_path,
        small_preset("efficientnet-lite0", batch_size=6),
        FeaturePairs(LabelledFeatures(photos, labels), LabelledFeatures(sketches, labels)),
        SketchPlan(recipe=RECIPE, decoder_steps=6, steps=12),
        validate=lambda _: {"validation": 0.0},
    )
    initial, after_decoders = encoders
    final = torch.cat([weight.detach().flatten() for weight in iiae.r_zs.parameters()])
    assert torch.equal(initial, after_decoders)
    assert not torch.equal(after_decoders, final)


@pytest.mark.parametrize(
    ("encoders", "rates"), [("linear_each", {"decoders": 2e-4, "iiae": 0.1}), ("printed", {"iiae": 0.1})]
)
def test_the_presets_learning_rate_is_the_second_stages(tmp_path, monkeypatch, encoders, rates):
    used: dict[str, float] = {}

    class RecordingRun(sketch_training.Run):
        def train(self) -> dict[str, float]:
            used[self.folder.name] = self.optimiser.param_groups[0]["lr"]
            return {}

    monkeypatch.setattr(sketch_training, "Run", RecordingRun)
    labels = np.repeat(np.arange(6), 8)
    photos, sketches = torch.randn(2, len(labels), 64, generator=torch.Generator().manual_seed(0))
    train_on_features(
        tmp_path,
        small_preset("efficientnet-lite0", encoders=encoders, learning_rate=0.1),
        FeaturePairs(LabelledFeatures(photos, labels), LabelledFeatures(sketches, labels)),
        SketchPlan(recipe=RECIPE),
        validate=lambda _: {"validation": 0.0},
    )
    assert used == rates
