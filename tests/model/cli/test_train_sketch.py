"""`iiae train` for sketch models: its options, the files it opens, and reuse of a backbone."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from train_command import invoke
from typer.testing import CliRunner

from benchmarks.shared.feature_split import FeatureSplit
from model import checkpoint
from model.cli.app import app
from model.data.pairs import DataError
from model.data.sketchy import read_sketchy
from model.evaluation.sketch_search import encode_catalogue
from model.presets import PRESETS
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.backbone.features import labelled_features, pooled_features
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.pictures import decode
from model.sketch.training import SketchPlan

SKETCH_PRESETS = [name for name, preset in PRESETS.items() if preset.sketch is not None]
OPENED: list[str] = []
# An audit hook cannot be removed, so it records only while the list has a first entry.
sys.addaudithook(
    lambda event, arguments: OPENED.append(str(arguments[0])) if event == "open" and OPENED else None
)


def train(home: Path, data: Path, **options: object) -> Result:
    """Run `iiae train sketchy`; keyword arguments are its options."""
    given = {"data": data, "home": home, **options}
    words = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return CliRunner().invoke(app, ["train", "sketchy", *words], catch_exceptions=False)


@pytest.fixture
def home(tmp_path, weights) -> Path:
    """A home folder that has ImageNet's weights."""
    (tmp_path / "downloads").symlink_to(weights[1])
    return tmp_path


def unseen_file(folder: Path, name: str) -> Path:
    path = folder / f"{name}.txt"
    path.write_text(f"{name}\n")
    return path


@pytest.fixture
def doodles(tmp_path) -> Path:
    """Doodles of the five shapes, of a synonym of one, and of a thing without photos."""
    folder = tmp_path / "doodles"
    folder.mkdir()
    bitmap = np.zeros((4, 28, 28), np.uint8)
    bitmap[:, 4:24, 4], bitmap[:, 4, 4:24] = 255, 255
    for name in ("bar", "cross", "disc", "star", "triangle", "shooting star", "rainbow"):
        np.save(folder / f"{name}.npy", bitmap.reshape(4, 784))
    return folder


@pytest.fixture
def icons(tmp_path) -> Path:
    """An icon of a shape, and one of a thing without photos."""
    body = '<circle cx="8" cy="8" r="6" fill="currentColor"/>'
    folder = tmp_path / "icons"
    folder.mkdir()
    icons = {name: {"body": body} for name in ("disc", "star", "rainbow")}
    (folder / "icons.json").write_text(json.dumps({"prefix": "set", "icons": icons}))
    return folder


@pytest.mark.usefixtures("short_training")
def test_training_opens_no_file_of_an_unseen_class(home, weights, shapes_folder, doodles, icons):
    (shapes_folder / "sketch" / "disc" / "broken.png").write_bytes(b"no picture")
    OPENED.append("start recording")
    try:
        result = train(
            home,
            shapes_folder,
            unseen=unseen_file(home, "star"),
            doodles=doodles,
            icons=icons,
            image_size=64,
            hold_out=0.4,
            backbone=weights[0],
            epochs=1,
            steps=12,
        )
    finally:
        opened = [Path(path) for path in OPENED]
        OPENED.clear()
        (shapes_folder / "sketch" / "disc" / "broken.png").unlink()
    assert result.exit_code == 0, result.output
    assert "left out 1 file that cannot be used: disc/broken.png" in result.output
    pictures = [path for path in opened if shapes_folder in path.parents and path.suffix in {".jpg", ".png"}]
    assert {path.parent.name for path in pictures} == {"bar", "cross", "disc", "triangle"}
    assert len(pictures) >= 4 * 40
    manifest = checkpoint.read_manifest(checkpoint.find(home / "checkpoints", "sketchy"))
    assert set(manifest.calibration) == {"x", "y", "y_expanded"}
    assert manifest.held_out is not None
    assert set(manifest.held_out) < {"bar", "cross", "disc", "triangle"}
    assert len(manifest.held_out) == 2
    assert 0 <= manifest.metrics["held_out_map_all"] <= 1
    drawn = {path.stem for path in opened if doodles in path.parents}
    assert drawn == {"bar", "cross", "disc", "triangle", "rainbow"}
    assert 0 <= manifest.metrics["held_out_doodles_precision_10"] <= 1
    assert manifest.preset.require_sketch().things == 3  # two shapes and the rainbow
    _, _, backbone = checkpoint.load_parts(checkpoint.find(home / "checkpoints", "sketchy"))
    assert backbone is not None
    assert backbone.thing_classifier is not None
    trained = [label for label in ("bar", "cross", "disc", "triangle") if label not in manifest.held_out]
    photos = decode(read_sketchy(shapes_folder).only(trained).photos, tuple(trained), 64)
    with torch.no_grad():
        things = backbone.thing_classifier(pooled_features(backbone, photos)).argmax(1).numpy()
    assert (things == photos.labels).mean() > 0.8
    assert backbone.thing_projection is not None
    torch.testing.assert_close(backbone.thing_projection.weight.norm(dim=0), torch.ones(3))
    inference = checkpoint.load(checkpoint.find(home / "checkpoints", "sketchy"), torch.device("cpu"))
    codes = encode_catalogue(inference, read_sketchy(shapes_folder).only(trained))
    expected = inference.search_codes("x", next(photos.batches(len(photos.labels))))
    assert float(expected[:, -128:].norm(dim=1).mean()) > 0.3
    torch.testing.assert_close(codes.search["x"], expected, atol=0.02, rtol=0)
    split = FeatureSplit(home, "sketchy", shapes_folder, str(home / "star.txt"))
    assert set(split.held_out) >= {"photos", "sketches", "doodles"}
    assert len(split.pairs) == 3  # two shapes; and the rainbow, by its icon and its doodles
    features = labelled_features(backbone, photos).features
    torch.testing.assert_close(split.pairs.photos[0], features[0], atol=0.1, rtol=0)


def test_doodles_or_icons_of_unseen_classes_alone_are_refused(home, weights, shapes_folder, doodles, icons):
    for name in ("bar", "cross", "disc", "triangle", "rainbow"):
        (doodles / f"{name}.npy").unlink()
    common = {"unseen": unseen_file(home, "star"), "backbone": weights[0]}
    with pytest.raises(DataError, match=r"all doodles in .*doodles show unseen classes"):
        train(home, shapes_folder, **common, doodles=doodles)
    (icons / "icons.json").write_text('{"prefix": "set", "icons": {"star": {"body": "<path/>"}}}')
    with pytest.raises(DataError, match=r"icons has no icon of a class"):
        train(home, shapes_folder, **common, icons=icons)


@pytest.mark.usefixtures("short_training")
def test_a_backbone_is_reused_only_if_it_was_fine_tuned_on_the_same_classes(
    home, weights, shapes_folder, doodles, monkeypatch
):
    common = {
        "unseen": unseen_file(home, "star"),
        "image_size": 64,
        "hold_out": 0.4,
        "backbone": weights[0],
        "epochs": 1,
        "runs": 1,
        "steps": 12,
    }
    assert train(home, shapes_folder, **common).exit_code == 0
    unseen = {"unseen": unseen_file(home, "disc")}
    for changed in ({"seed": 1}, {"hold_out": 0}, unseen, {"doodles": doodles}):
        refused = train(home, shapes_folder, **{**common, **changed}, name="again", backbone_of="sketchy")
        assert refused.exit_code == 2
        assert "other classes" in " ".join(refused.output.split())
    with monkeypatch.context() as earlier:  # that training held back other pictures
        earlier.setattr("model.cli.train_sketch.HELD_BACK", 0.2)
        assert train(home, shapes_folder, **common, name="again", backbone_of="sketchy").exit_code == 2
    reusing = train(home, shapes_folder, **common, name="again", backbone_of="sketchy", objective="elbo")
    assert reusing.exit_code == 0, reusing.output
    (_, first_iiae, first), (_, again_iiae, again) = (
        checkpoint.load_parts(checkpoint.find(home / "checkpoints", name)) for name in ("sketchy", "again")
    )
    assert first is not None
    assert again is not None
    again_state = again.network.state_dict()
    assert all(torch.equal(value, again_state[key]) for key, value in first.network.state_dict().items())
    for backbone in (first, again):
        assert backbone.classifier is not None
        assert torch.equal(backbone.classifier.weight, imagenet_weights(*weights)["_fc.weight"])
    assert not (home / "runs" / "again" / "run-0").exists()
    again_state = again_iiae.state_dict()
    assert any(not torch.equal(value, again_state[key]) for key, value in first_iiae.state_dict().items())


@pytest.mark.parametrize("name", SKETCH_PRESETS)
@pytest.mark.parametrize(
    "option",
    [
        ("--average", ".9"),
        ("--warmup", "10"),
        ("--workers", "2"),
        ("--width", ".5"),
        ("--reader", "paired"),
        ("--dropout", "0"),
        ("--every", "10"),
        ("--recipe", "small"),
        ("--printed",),
    ],
    ids=lambda option: option[0],
)
def test_sketch_presets_refuse_image_options(planned, tmp_path, name, option):
    done = invoke(name, "--data", tmp_path, "--home", tmp_path, *option)
    assert done.exit_code == 2
    assert "No such option" in done.output
    assert planned == []


@pytest.mark.parametrize("name", SKETCH_PRESETS)
def test_without_options_a_sketch_preset_is_trained_unchanged(planned, tmp_path, name):
    assert invoke(name, "--data", tmp_path, "--home", tmp_path).exit_code == 0
    (training,) = planned
    assert training.preset == PRESETS[name]
    assert training.plan == SketchPlan(recipe=Recipe())


def test_sketch_options_reach_the_plan(planned, tmp_path):
    recipe = {"epochs": 7, "runs": 5, "imagenet": 0.2, "jitter": 0.01, "ink_dropout": 0.3, "seed": 3}
    words = [word for key, value in recipe.items() for word in (f"--{key.replace('_', '-')}", value)]
    done = invoke(
        *("sketchy", "--data", tmp_path, "--home", tmp_path, "--unseen", "sketchy-21", *words),
        *("--hold-out", 0.2, "--steps", 24, "--objective", "ii", "--learning-rate", 0.1, "--batch", 10),
        *("--backbone", "efficientnet-lite0", "--image-size", 160, "--backbone-of", "other"),
        *("--device", "cpu"),
    )
    assert done.exit_code == 0, done.output
    (training,) = planned
    assert training.plan == SketchPlan(recipe=Recipe(**recipe), held_out=0.2, steps=24, objective="ii")
    sketch = replace(PRESETS["sketchy"].require_sketch(), backbone="efficientnet-lite0")
    changes = {"learning_rate": 0.1, "batch_size": 10, "image_size": 160, "sketch": sketch}
    assert training.preset == replace(PRESETS["sketchy"], **changes)
    assert (training.unseen, training.backbone_of) == ("sketchy-21", "other")
    assert training.device == torch.device("cpu")
