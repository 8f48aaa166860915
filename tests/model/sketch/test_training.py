"""Sketch search trained on a small data set: it learns, opens nothing of unseen classes, and goes on after a kill."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from shapes import draw, wheel
from typer.testing import CliRunner

from model import checkpoint
from model.cli import app
from model.data.sketchy import Catalogue, FeaturePairs, Pictures, decode, doodle_versions, read_catalogue
from model.distributions import Gaussian
from model.evaluation import evaluation
from model.evaluation.evaluation import by_class, sketch_search
from model.evaluation.metrics import cosine, mean_average_precision, ranked_relevance
from model.iiae import IIAE
from model.inference import Inference
from model.presets import PRESETS, SIDES, Preset
from model.sketch import augmentation, calibration, fine_tuning
from model.sketch import training as sketch_training
from model.sketch.augmentation import crops
from model.sketch.backbones import Backbone
from model.sketch.efficientnet import imagenet_weights
from model.sketch.expansion import expanded_scores
from model.sketch.fine_tuning import Recipe, supervised_contrast
from model.sketch.linear_start import end_at_components, start_at_shared
from model.sketch.serving_form import serving_form
from model.sketch.training import HeldOutEvaluator, SketchPlan, TrainedSketch, train_on_features, train_sketch
from model.storage import read_tensors

CLASSES = ("bar", "cross", "disc", "star", "triangle")
RECIPE = Recipe(
    epochs=6,
    runs=1,
    cycle=1.0,
    batch=16,
    learning_rate=1e-3,
    distillation=0.0,
    sketch_distillation=0.0,
    crop_share=0.75,
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> tuple[str, Path]:
    return wheel(tmp_path_factory.mktemp("imagenet") / "weights")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> Path:
    return draw(tmp_path_factory.mktemp("data") / "shapes", CLASSES, 20)


def preset(network: str, **changes: object) -> Preset:
    small = {
        "image_size": 64,
        "zs_size": 64,
        "feature_size": 64,
        "batch_size": 5,
        "shared_encoder": "linear_each",
        "backbone": network,
    }
    return replace(PRESETS["sketchy"], **{**small, **changes})


def trained(
    folder: Path, weights: tuple[str, Path], seen: Catalogue, plan: SketchPlan, **more: object
) -> TrainedSketch:
    return train_sketch(folder, preset(weights[0]), seen, plan, weights=weights[1], **more)


def searched(made: TrainedSketch, catalogue: Catalogue) -> dict[str, float]:
    return sketch_search(Inference(made.iiae, made.backbone, torch.device("cpu")), catalogue)


# both stages


def test_training_learns_the_classes_of_photos_and_of_sketches(tmp_path, weights, shapes):
    seen = read_catalogue(shapes)
    losses: list[float] = []
    plan = SketchPlan(recipe=RECIPE, held_out=0.0, steps=60, decoder_steps=20)
    made = trained(
        tmp_path, weights, seen, plan, report_backbone=lambda step, steps, loss: losses.append(loss)
    )
    assert np.mean(losses[-6:]) < np.mean(losses[:6]) - 0.3
    heads = read_tensors(tmp_path / "run-0" / fine_tuning.STATE)[0]
    for files, drawings in ((seen.photos, False), (seen.sketches, True)):
        pictures = decode(files, CLASSES, 64, drawings=drawings)
        projected = (
            fine_tuning.pooled_of(made.backbone, pictures) @ heads["model.projection.weight"].T
            + heads["model.projection.bias"]
        )
        said = cosine(projected, heads["model.classes"]).argmax(1).numpy()
        assert (said == pictures.labels).mean() > 0.7
    inference = Inference(made.iiae, made.backbone, torch.device("cpu"))
    codes, _ = evaluation.sketch_codes(inference, seen)
    for side, first, features in zip(SIDES, codes["standardised_features_"], codes["features_"], strict=True):
        torch.testing.assert_close(first, made.iiae.fe[side](features).detach())
        assert float(first.mean(0).abs().max()) < 0.3 < float((features - first).abs().max())
    after = searched(made, seen)
    assert after["map_all"] > 0.6
    assert after["exclusive_map_all"] < after["map_all"] - 0.2
    classes = by_class(Inference(made.iiae, made.backbone, torch.device("cpu")), seen)
    assert list(classes) == list(CLASSES)
    assert np.mean(list(classes.values())) == pytest.approx(after["map_all"], abs=1e-5)


OPENED: list[str] = []
sys.addaudithook(
    lambda event, arguments: OPENED.append(str(arguments[0])) if event == "open" and OPENED else None
)  # there is no taking it away


def test_no_file_of_an_unseen_class_is_opened(tmp_path, weights, shapes):
    (tmp_path / "unseen.txt").write_text("star\n")
    arguments = [
        "--data",
        str(shapes),
        "--home",
        str(tmp_path),
        "--unseen",
        str(tmp_path / "unseen.txt"),
        "--epochs",
        "1",
        "--steps",
        "12",
    ]
    (tmp_path / "downloads").symlink_to(weights[1])
    OPENED.append("from here on")
    try:
        done = CliRunner().invoke(
            app,
            [
                "train",
                "sketchy",
                "--image-size",
                "64",
                "--hold-out",
                "0.4",
                "--backbone",
                weights[0],
                *arguments,
            ],
            catch_exceptions=False,
        )
    finally:
        opened, _ = [Path(path) for path in OPENED], OPENED.clear()
    assert done.exit_code == 0, done.output
    pictures = [path for path in opened if shapes in path.parents and path.suffix in {".jpg", ".png"}]
    assert {path.parent.name for path in pictures} == {"bar", "cross", "disc", "triangle"}
    assert len(pictures) >= 4 * 40
    manifest = checkpoint.read_manifest(checkpoint.find(tmp_path / "checkpoints", "sketchy"))
    assert set(manifest.calibration) == {"x", "y", "y_expanded"}
    assert manifest.held_out is not None
    assert set(manifest.held_out) < {"bar", "cross", "disc", "triangle"}
    assert len(manifest.held_out) == 2
    assert 0 <= manifest.metrics["held_out_map_all"] <= 1


@pytest.mark.parametrize("name", ["tpu", *([] if torch.cuda.is_available() else ["cuda"])])
def test_a_device_that_is_not_there_is_refused(tmp_path, shapes, name):
    done = CliRunner().invoke(
        app, ["train", "sketchy", "--data", str(shapes), "--home", str(tmp_path), "--device", name]
    )
    assert done.exit_code == 2
    assert "auto, cpu" in done.output
    assert not (tmp_path / "runs").exists()


def test_what_is_held_out_is_not_trained_on(tmp_path, weights, shapes, monkeypatch):
    given: list[tuple[Pictures, Pictures]] = []
    monkeypatch.setattr(
        sketch_training,
        "fine_tune",
        lambda folder, backbone, imagenet, photos, sketches, *_, **more: (
            given.append((photos, sketches)) or 1 / 0
        ),
    )
    with pytest.raises(ZeroDivisionError):
        trained(tmp_path, weights, read_catalogue(shapes), SketchPlan(recipe=RECIPE, held_out=0.4))
    assert [(len(each.labels), set(each.labels.tolist())) for each in given[0]] == [
        (60, {0, 1, 2})
    ] * 2  # three of five classes


def test_the_recipe_is_what_was_asked_for(tmp_path, shapes, monkeypatch):
    given: list[tuple[SketchPlan, torch.device]] = []
    monkeypatch.setattr(
        "model.cli.train_sketch",
        lambda folder, preset, seen, plan, *, device, **_: given.append((plan, device)) or 1 / 0,
    )
    asked = {"epochs": 7, "runs": 5, "imagenet": 0.2, "jitter": 0.01, "ink_dropout": 0.3, "seed": 3}
    options = [word for name, value in asked.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(
            app,
            ["train", "sketchy", "--data", str(shapes), "--home", str(tmp_path), "--device", "cpu", *options],
            catch_exceptions=False,
        )
    assert given == [(SketchPlan(recipe=Recipe(**asked)), torch.device("cpu"))]


class Killed(Exception):
    pass


def test_a_run_that_is_killed_goes_on_as_if_nothing_had_been(tmp_path, weights, shapes, recwarn):
    seen, plan = (
        read_catalogue(shapes),
        SketchPlan(recipe=replace(RECIPE, epochs=2, runs=2), held_out=0.0, steps=12, decoder_steps=12),
    )

    def kill(step: int, steps: int, loss: float) -> None:
        if step == steps - 1:
            raise Killed

    whole = trained(tmp_path / "whole", weights, seen, plan)
    with pytest.raises(Killed):
        trained(tmp_path / "halves", weights, seen, plan, report_backbone=kill)
    resumed = trained(tmp_path / "halves", weights, seen, plan, resume=True)
    for part in ("backbone", "iiae"):
        once, twice = getattr(whole, part).state_dict(), getattr(resumed, part).state_dict()
        assert all(torch.equal(once[key], twice[key]) for key in once), part
    assert read_tensors(tmp_path / "halves" / "run-1" / fine_tuning.STATE)[1]["step"] == 2 * (
        100 // RECIPE.batch
    )
    assert [str(each.message) for each in recwarn if "lr_scheduler" in str(each.message)] == []


# what the first stage is made of


def test_a_batch_holds_a_sketch_of_each_photos_class_and_every_photo_once_an_epoch():
    photo_labels, sketch_labels = np.repeat(np.arange(4), 8), np.repeat(np.arange(4), 5)
    epoch = [
        fine_tuning._draw(
            photo_labels, sketch_labels, replace(RECIPE, batch=8), step, np.random.default_rng(step)
        )
        for step in range(4)
    ]
    for photos, sketches in epoch:
        assert (photo_labels[photos] == sketch_labels[sketches]).all()
    assert sorted(np.concatenate([photos for photos, _ in epoch])) == list(range(32))


def test_contrast_is_less_where_a_class_is_together():
    labels = torch.tensor([0, 0, 1, 1])
    together = torch.nn.functional.normalize(
        torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]])
    )
    apart = together[[0, 2, 1, 3]]
    assert supervised_contrast(together, labels, 0.1) < 0.1 < supervised_contrast(apart, labels, 0.1)


@pytest.mark.parametrize("sketch", [False, True])
def test_crops_are_views_of_what_is_there(sketch):
    pixels = np.full((6, 80, 80, 3), 255, np.uint8)
    pixels[:, 30:50, 30:50] = 0
    views = [crops(pixels, 48, np.random.default_rng(seed), sketch=sketch, jitter=0.02) for seed in (0, 0, 1)]
    assert views[0].shape == (6, 3, 48, 48)
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert float(views[0].min()) >= -1.001
    assert float(views[0].max()) <= 1.001
    dark = (views[0].mean(1) < 0).float().mean((1, 2))
    assert ((dark > 0.01) & (dark < 0.3)).all()
    if sketch:
        assert (views[0][:, :, 0] > 0.9).all()  # paper all around


def test_a_third_of_the_sketches_get_thicker_and_none_thinner():
    sketches = torch.ones(300, 3, 32, 32)
    sketches[:, :, 15:17, 4:28] = -1
    worn = augmentation._worn(sketches, np.random.default_rng(0), 0.0)
    ink = (worn.mean(1) < 0).sum((1, 2))
    assert set(ink.tolist()) == {2 * 24, 4 * 26}
    assert 70 < int((ink > 48).sum()) < 130


def test_a_shaken_sketch_is_frayed_and_no_more():
    pixels = np.full((32, 96, 96, 3), 255, np.uint8)
    pixels[:, 46:50, 10:86] = 0
    calm, shaken = (
        crops(pixels, 96, np.random.default_rng(0), sketch=True, jitter=reach) for reach in (0.0, 0.05)
    )
    changed = ((calm - shaken).abs().amax(1) > 0.5).float().mean((1, 2))
    assert (changed > 0).sum() >= 8  # half of them are left in peace
    assert (changed == 0).sum() >= 8
    assert changed.max() < 0.12


def test_sketches_lose_up_to_a_share_of_their_ink():
    pixels = np.full((32, 96, 96, 3), 255, np.uint8)
    pixels[:, 16:80, 16:80] = 0
    whole, worn = (
        (crops(pixels, 96, np.random.default_rng(0), sketch=True, ink_dropout=share).mean(1) < 0)
        .float()
        .mean((1, 2))
        for share in (0.0, 0.6)
    )
    kept = worn / whole
    assert kept.min() < 0.65
    assert kept.max() > 0.9
    assert kept.min() > 0.3
    assert 0.6 < kept.mean() < 0.85  # .7 and what thickening closes again


# what is decoded


def test_training_sees_sketches_as_the_service_does(tmp_path, shapes):
    seen = read_catalogue(shapes).only(["star"])
    inverted = [(tmp_path / f"{number}.png", label) for number, (_, label) in enumerate(seen.sketches)]
    for (path, _), (source, _) in zip(inverted, seen.sketches, strict=True):
        Image.fromarray(255 - np.asarray(Image.open(source))).save(path)
    plain, white_on_black = (
        decode(files, ("star",), 64, drawings=True).pixels for files in (seen.sketches, inverted)
    )
    assert (plain != decode(seen.sketches, ("star",), 64).pixels).any()
    np.testing.assert_array_equal(plain, white_on_black)
    inference = Inference.__new__(Inference)
    inference.preset = preset("efficientnet-lite0")
    with Image.open(seen.sketches[0][0]) as sketch:
        prepared = inference.prepare(sketch.convert("RGB"), "y")
    np.testing.assert_allclose(
        prepared.permute(1, 2, 0).numpy(), plain[0].astype(np.float32) / 127.5 - 1, atol=0.02
    )


def test_empty_paper_is_left_out_and_named(tmp_path, shapes):
    Image.new("L", (64, 64), 255).save(tmp_path / "empty.png")
    seen = read_catalogue(shapes).only(["star"])
    found = decode([(tmp_path / "empty.png", "star"), *seen.sketches[:2]], ("star",), 64, drawings=True)
    assert found.damaged == ("star/empty.png",)
    assert len(found.labels) == 2


def test_every_sketch_has_a_rough_form_of_its_own(shapes):
    sketches = decode(read_catalogue(shapes).only(["star"]).sketches[:4], ("star",), 64, drawings=True)
    made = doodle_versions(sketches, 0)
    assert made.shape == sketches.pixels.shape
    assert all((made[number] != sketches.pixels[number]).any() for number in range(4))
    np.testing.assert_array_equal(made, doodle_versions(sketches, 0))


def test_sketches_are_worn_and_shaken_as_the_recipe_says(weights, monkeypatch):
    pictures = Pictures(np.full((16, 64, 64, 3), 255, np.uint8), np.repeat(np.arange(2), 8), ())
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(
        fine_tuning, "crops", lambda *given, **named: asked.append(named) or crops(*given, **named)
    )
    recipe = replace(RECIPE, epochs=1, jitter=0.07, ink_dropout=0.45)
    fine_tuning.fine_tune(
        weights[1] / "run-worn",
        Backbone(weights[0], 64),
        imagenet_weights(*weights),
        pictures,
        pictures,
        64,
        recipe,
    )
    assert asked == [{}, {"sketch": True, "jitter": 0.07, "ink_dropout": 0.45}]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_as_many_sketches_of_a_step_are_rough_as_the_recipe_says(weights, monkeypatch, share):
    pixels = np.full((16, 64, 64, 3), 255, np.uint8)
    photos = sketches = Pictures(pixels, np.repeat(np.arange(2), 8), ())
    shown: list[float] = []
    monkeypatch.setattr(
        fine_tuning,
        "crops",
        lambda chosen, *more, **named: shown.append(float(chosen.mean())) or crops(chosen, *more, **named),
    )
    recipe = replace(RECIPE, epochs=1, doodle_rate=share)
    network = Backbone(weights[0], 64)
    fine_tuning.fine_tune(
        weights[1] / f"run-{share}",
        network,
        imagenet_weights(*weights),
        photos,
        sketches,
        64,
        recipe,
        doodles=np.zeros_like(pixels),
    )
    assert shown == [255.0, 255.0 * (1 - share)]


def noise(count: int = 32) -> Pictures:
    return Pictures(
        np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
        np.repeat(np.arange(2), count // 2),
        (),
    )


def test_a_cycle_that_is_cut_ends_where_the_longer_training_was(weights):
    after: dict[str, list[dict[str, torch.Tensor]]] = {}

    def trained(name: str, recipe: Recipe) -> None:
        network = Backbone(weights[0], 64)

        def keep(*_: object) -> None:
            weights_now = {key: value.clone() for key, value in network.network.state_dict().items()}
            after.setdefault(name, []).append(weights_now)

        fine_tuning.fine_tune(
            weights[1] / name,
            network,
            imagenet_weights(*weights),
            noise(),
            noise(),
            64,
            replace(recipe, runs=1),
            report=keep,
        )

    trained("whole", replace(RECIPE, epochs=3, cycle=1.0))
    trained("cut", replace(RECIPE, epochs=2, cycle=1.5))
    assert [len(steps) for steps in after.values()] == [6, 4]
    assert all(torch.equal(value, after["whole"][3][key]) for key, value in after["cut"][3].items())
    assert not torch.equal(after["cut"][2]["_conv_head.weight"], after["cut"][3]["_conv_head.weight"])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_what_is_kept_lies_between_the_mean_of_runs_in_other_orders_and_imagenets_weights(weights, share):
    network, imagenet = Backbone(weights[0], 64), imagenet_weights(*weights)
    told: list[tuple[int, int]] = []
    ends: list[dict[str, torch.Tensor]] = []

    def report(step: int, steps: int, loss: float) -> None:
        told.append((step, steps))
        if step % 2 == 0:  # a run's last
            ends.append(
                {name: weight.detach().clone() for name, weight in network.network.named_parameters()}
            )

    recipe = replace(RECIPE, epochs=1, runs=3, imagenet=share)
    fine_tuning.fine_tune(
        weights[1] / f"runs-{share}", network, imagenet, noise(), noise(), 64, recipe, report=report
    )
    assert told == [(step, 6) for step in range(1, 7)]
    assert len({float(each["_conv_head.weight"].double().sum()) for each in ends}) == len(ends) == 3
    for name, weight in network.network.named_parameters():
        mean = torch.stack([end[name] for end in ends]).mean(0)
        torch.testing.assert_close(weight.detach(), (1 - share) * mean + share * imagenet[name])


def test_batch_norms_keep_imagenets_statistics_in_training(weights):
    network, imagenet = Backbone(weights[0], 64), imagenet_weights(*weights)
    training: list[bool] = []
    watched = network.network._bn1.register_forward_hook(
        lambda norm, given, made: training.append(norm.training)
    )
    fine_tuning.fine_tune(
        weights[1] / "norms",
        network,
        imagenet,
        noise(),
        noise(),
        64,
        replace(RECIPE, epochs=1, runs=1, imagenet=0.0),
    )
    watched.remove()
    assert len(training) >= 2
    assert not any(training)
    state = network.network.state_dict()
    assert all(torch.equal(state[key], imagenet[key]) for key in state if "running" in key)
    assert not torch.equal(state["_bn1.weight"], imagenet["_bn1.weight"])


def test_crops_in_training_are_of_a_share_of_the_side():
    assert [Recipe().crop_size(size) for size in (224, 160, 20)] == [192, 128, 16]


# how it is judged


def test_scores_are_calibrated_on_a_photos_own_kind_and_on_sketches():
    """Codes of which a photo's are surer of its class than a sketch's; itself a photo need not find."""
    generator = torch.Generator().manual_seed(0)
    labels = {"x": np.repeat(np.arange(4), 12), "y": np.repeat(np.arange(4), 5)}
    means = torch.eye(4, 16)
    judge = HeldOutEvaluator(
        tuple(Pictures(np.zeros((len(each), 1, 1, 3), np.uint8), each, ()) for each in labels.values())
    )
    blur = {"x": 0.2, "y": 0.6}
    judge.held = {
        side: means[torch.from_numpy(each)] + blur[side] * torch.randn(len(each), 16, generator=generator)
        for side, each in labels.items()
    }

    class Same(IIAE):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def shared(self, side, features):
            return Gaussian(features, torch.zeros_like(features))

    own = np.repeat(np.arange(3), 15)  # of the classes trained on
    trained = FeaturePairs(
        means[:3][torch.from_numpy(own)] + 0.2 * torch.randn(45, 16, generator=generator),
        own,
        torch.zeros(0, 16),
        np.zeros(0, np.int64),
    )
    curves = judge.calibration(Same(), trained, seed=0)
    photos, numbers = torch.cat([judge.held["x"], trained.photos]), np.concatenate([labels["x"], own + 4])
    fitted = lambda score, side, **more: calibration.of_codes(  # noqa: E731
        score,
        photos if side == "x" else judge.held["y"],
        numbers if side == "x" else labels["y"],
        [0, 1, 2, 3],
        photos,
        numbers,
        0,
        **more,
    )
    assert curves == {
        "x": fitted(cosine, "x", photos_ask=True),
        "y": fitted(cosine, "y"),
        "y_expanded": fitted(expanded_scores, "y"),
    }
    assert curves["x"].slope > curves["y"].slope > 0
    alone = calibration.of_codes(
        cosine, judge.held["y"], labels["y"], [0, 1, 2, 3], judge.held["x"], labels["x"], 0
    )
    assert (
        curves["y"].probability(0.9, 40) < alone.probability(0.9, 40) - 0.1
    )  # for those that are trained on may look like them


def test_map_200_looks_at_200_photos(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    codes, labels = (
        (torch.randn(300, 8, generator=generator), torch.randn(9, 8, generator=generator)),
        {"x": torch.arange(300) % 3, "y": torch.arange(9) % 3},
    )
    monkeypatch.setattr(evaluation, "sketch_codes", lambda *_: ({"": codes}, labels))
    found = sketch_search(Inference.__new__(Inference), Catalogue((), ()))
    relevant = ranked_relevance(cosine(codes[1], codes[0]), labels["y"], labels["x"])
    assert found["map_200"] == mean_average_precision(relevant, 200) != found["map_all"]
    assert (found["queries"], found["photos"]) == (9, 300)


def test_measuring_a_model_of_the_package_leaves_its_manifest_alone(tmp_path, monkeypatch):
    about = {
        "trained_on": "nothing",
        "terms": "none",
        "command": "a test",
        "seed": 0,
        "data_fingerprint": "0",
    }
    tiny = replace(PRESETS["facades"], reader="synthetic", image_size=32, width=0.125)
    folders = {
        where: checkpoint.publish(tmp_path / where, "tiny", IIAE(tiny), **about)
        for where in ("package", "checkpoints")
    }
    monkeypatch.setattr(checkpoint, "released", lambda: iter([folders["package"]]))
    for where, metrics in (("package", False), ("checkpoints", True)):
        done = CliRunner().invoke(
            app,
            ["evaluate", str(folders[where]), "--data", str(tmp_path), "--limit", "4"],
            catch_exceptions=False,
        )
        assert done.exit_code == 0
        assert bool(checkpoint.read_manifest(folders[where]).metrics) == metrics


# between the stages


def test_the_last_layer_keeps_what_photos_and_sketches_differ_in_by_class():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 20
    means = torch.randn(20, 1280, generator=generator)
    photos, sketches = (means[labels] * 2 + torch.randn(200, 1280, generator=generator) for _ in range(2))
    backbone = Backbone("efficientnet-lite0", 128)
    end_at_components(backbone, photos, sketches + 5, seed=0)
    with torch.no_grad():
        x, y = backbone.feature(photos), backbone.feature(sketches + 5)
    assert x.std(0).max() < 3 * x.std(0).min()  # rotated: unrotated, the first would be 5 times the last
    found = mean_average_precision(ranked_relevance(cosine(y - y.mean(0), x - x.mean(0)), labels, labels))
    assert found > 0.99


def test_the_last_layer_is_fed_roots_of_channels_and_of_what_the_classifier_says(weights):
    backbone, plain = Backbone(weights[0], 8, classified=True).eval(), Backbone(weights[0], 8).eval()
    imagenet = imagenet_weights(*weights)
    fine_tuning.classify(backbone, imagenet)
    pooled = torch.rand(3, 1280)
    with torch.no_grad():
        descriptor = backbone.descriptor(pooled)
    shares = (pooled @ imagenet["_fc.weight"].T + imagenet["_fc.bias"]).softmax(1)
    torch.testing.assert_close(descriptor**2, torch.cat([pooled, shares], 1))
    assert backbone.feature.in_features == 2280
    assert plain.feature.in_features == 1280
    assert plain.descriptor(pooled) is pooled


def test_encoders_begin_where_each_domain_tells_of_the_other():
    """Sketches show a class's code only through a map of their own and amid noise; the start finds its way back without fitting the noise."""
    generator = torch.Generator().manual_seed(0)
    size, classes, each = 32, 80, 10
    away = torch.linalg.qr(torch.randn(size, size, generator=generator))[0] * 0.7 + 0.3 * torch.eye(size)
    labels = np.repeat(np.arange(classes), each)

    def domains(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        means = torch.randn(count, size, generator=generator)
        own = torch.arange(count).repeat_interleave(each)
        noise = 0.8 * torch.randn(2, count * each, size, generator=generator)
        return means[own] + noise[0] + 3, means[own] @ away + noise[1] - 2, own

    photos, sketches, _ = domains(classes)
    iiae = IIAE(preset("efficientnet-lite0", backbone=None, feature_size=size, zs_size=24)).eval()
    start_at_shared(iiae, photos, sketches, FeaturePairs(photos, labels, sketches, labels).of_class)
    others = domains(20)  # classes that it does not know
    with torch.no_grad():
        first = [iiae.fe[side](features) for side, features in zip(SIDES, others, strict=False)]
        zs = [iiae.shared(side, features) for side, features in zip(SIDES, others, strict=False)]
        joint = iiae.q_zs(torch.cat(first, 1)).mean
    found, before = (
        mean_average_precision(ranked_relevance(cosine(y, x), others[2], others[2]))
        for x, y in ([each.mean for each in zs], first)
    )
    assert found > before + 0.1
    torch.testing.assert_close(joint, (zs[0].mean + zs[1].mean) / 2, atol=1e-4, rtol=1e-4)
    assert 0.8 < float(torch.cat([each.mean for each in zs]).square().mean()) < 1.2
    assert all(torch.allclose(each.log_var, torch.full_like(each.log_var, -2.0)) for each in zs)


def test_components_are_evened_and_no_more():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(600, 1280, generator=generator)
    inputs[:, 1:200] += 2 * inputs[:, :1]  # one strong component
    backbone = Backbone("efficientnet-lite0", 64)
    end_at_components(backbone, inputs[:300], inputs[300:], seed=0)
    with torch.no_grad():
        spreads = torch.linalg.svdvals(backbone.feature(inputs) - backbone.feature(inputs).mean(0))
    deviation = inputs.std(0)
    plain = torch.linalg.svdvals((inputs - inputs.mean(0)) / deviation)[:64]
    assert float(spreads[0] / spreads[-1]) == pytest.approx(float(plain[0] / plain[-1]) ** 0.9, rel=0.1)


def test_a_backbone_that_was_tuned_on_the_same_classes_is_taken_and_no_other(tmp_path, weights, shapes):
    (tmp_path / "unseen.txt").write_text("star\n")
    (tmp_path / "downloads").symlink_to(weights[1])
    common = [
        "train",
        "sketchy",
        "--data",
        str(shapes),
        "--home",
        str(tmp_path),
        "--unseen",
        str(tmp_path / "unseen.txt"),
    ]
    common += [
        "--image-size",
        "64",
        "--hold-out",
        "0.4",
        "--backbone",
        weights[0],
        "--epochs",
        "1",
        "--runs",
        "1",
        "--steps",
        "12",
    ]
    assert CliRunner().invoke(app, common, catch_exceptions=False).exit_code == 0
    (tmp_path / "other.txt").write_text("disc\n")
    for changed in (["--seed", "1"], ["--hold-out", "0"], ["--unseen", str(tmp_path / "other.txt")]):
        refused = CliRunner().invoke(app, [*common, "--name", "again", "--backbone-of", "sketchy", *changed])
        assert refused.exit_code == 2
        assert "other classes" in " ".join(refused.output.split())
    done = CliRunner().invoke(
        app,
        [*common, "--name", "again", "--backbone-of", "sketchy", "--objective", "elbo"],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    first, again = (
        checkpoint.load_parts(checkpoint.find(tmp_path / "checkpoints", name))
        for name in ("sketchy", "again")
    )
    assert first[2] is not None
    assert again[2] is not None
    assert all(
        torch.equal(value, again[2].network.state_dict()[key])
        for key, value in first[2].network.state_dict().items()
    )
    for made in (first[2], again[2]):
        assert made.classifier is not None
        assert torch.equal(made.classifier.weight, imagenet_weights(*weights)["_fc.weight"])
    assert not (tmp_path / "runs" / "again" / "run-0").exists()
    assert any(
        not torch.equal(value, again[1].state_dict()[key]) for key, value in first[1].state_dict().items()
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_serving_form_gives_the_same_features(mirrored, shapes, monkeypatch):
    _, _, backbone = checkpoint.load_parts(
        next(folder for folder in checkpoint.released() if folder.name == "sketchy")
    )
    assert backbone is not None
    backbone.eval().mirrored = mirrored
    seen = read_catalogue(shapes)
    pixels = (
        torch.from_numpy(decode([*seen.photos[::20], *seen.sketches[::20]], CLASSES, 96).pixels).permute(
            0, 3, 1, 2
        )
        / 127.5
        - 1
    )
    with torch.inference_mode():
        whole, quick = backbone(pixels), serving_form(backbone, torch.device("cpu"))(pixels)
        backbone.mirrored = False
        pooled = [backbone.pooled(each) for each in (pixels, pixels.flip(-1))]
        alone = backbone.feature(backbone.descriptor((pooled[0] + pooled[1]) / 2 if mirrored else pooled[0]))
    torch.testing.assert_close(whole, alone, rtol=1e-3, atol=1e-3)
    centred = [features - whole.mean(0) for features in (whole, quick)]
    assert torch.nn.functional.cosine_similarity(*centred).min() > 0.99
    monkeypatch.setattr("model.sketch.serving_form.precision", lambda device: torch.float32)
    backbone.mirrored = mirrored
    with torch.inference_mode():
        torch.testing.assert_close(
            serving_form(backbone, torch.device("cpu"))(pixels), whole, rtol=1e-3, atol=1e-3
        )


# the second stage


def test_iiae_takes_what_is_shared_and_leaves_what_is_not(tmp_path):
    """Features of a known make: a class's code that both domains show, and a code of each picture's own."""
    generator = torch.Generator().manual_seed(0)
    classes, each, size = 12, 20, 64
    labels = np.repeat(np.arange(classes), each)
    shared = torch.randn(classes, size, generator=generator)[torch.from_numpy(labels)]

    def domain() -> torch.Tensor:
        own = torch.randn(len(labels), 8, generator=generator) @ torch.randn(8, size, generator=generator)
        return shared + 0.5 * own + 0.1 * torch.randn(len(labels), size, generator=generator)

    photos, sketches = domain(), domain()
    made = preset(
        "efficientnet-lite0",
        backbone=None,
        shared_encoder="printed",
        feature_size=size,
        zs_size=16,
        zx_size=8,
        batch_size=12,
        annealing=200.0,
    )
    made = replace(made, learning_rate=1e-3, reconstruction_weight=100.0)
    plan = SketchPlan(recipe=RECIPE, steps=300)
    iiae = train_on_features(
        tmp_path,
        made,
        FeaturePairs(photos, labels, sketches, labels),
        plan,
        validate=lambda _: {"validation": 0.0},
    ).eval()
    chosen = torch.from_numpy(labels)

    def found(x: torch.Tensor, y: torch.Tensor) -> float:
        return mean_average_precision(ranked_relevance(cosine(y, x), chosen, chosen))

    with torch.no_grad():
        zs, z = (
            [kind(side, features).mean for side, features in (("x", photos), ("y", sketches))]
            for kind in (iiae.shared, iiae.exclusive)
        )
    assert found(*zs) > 0.97 > 0.92 > found(photos, sketches)
    assert found(*z) < 0.2  # chance is 1 in 12


def test_encoders_stand_still_while_decoders_are_fitted_and_are_trained_after(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    labels = np.repeat(np.arange(6), 8)
    photos, sketches = (torch.randn(len(labels), 64, generator=generator) for _ in range(2))
    encoders: list[torch.Tensor] = []

    class Watched(sketch_training.Run):
        def train(self) -> dict[str, float]:
            encoders.append(
                torch.cat([weight.detach().flatten().clone() for weight in self.iiae.r_zs.parameters()])
            )
            return super().train()

    monkeypatch.setattr(sketch_training, "Run", Watched)
    plan = SketchPlan(recipe=RECIPE, decoder_steps=6, steps=12)
    made = preset("efficientnet-lite0", backbone=None, batch_size=6)
    iiae = train_on_features(
        tmp_path,
        made,
        FeaturePairs(photos, labels, sketches, labels),
        plan,
        validate=lambda _: {"validation": 0.0},
    )
    begun, after_decoders = encoders
    assert torch.equal(begun, after_decoders)
    assert not torch.equal(
        after_decoders, torch.cat([weight.detach().flatten() for weight in iiae.r_zs.parameters()])
    )


def test_pictures_of_a_class_without_a_sketch_make_no_pair():
    pictures = Pictures(np.zeros((3, 8, 8, 3), np.uint8), np.array([0, 1, 1]), ())
    pairs = FeaturePairs(torch.zeros(3, 4), pictures.labels, torch.zeros(2, 4), np.array([1, 1]))
    assert len(pairs) == 1
