"""`iiae report`: which checkpoints it measures, and what it keeps and writes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from model import checkpoint
from model.baselines.systems import translator_of
from model.cli import report
from model.cli.app import app
from model.data.standins.folder import NOTE
from model.iiae import IIAE
from model.presets import PRESETS

TINY = replace(PRESETS["facades"], image_size=32, width=0.0625)


def write_pairs(folder, count=4, seed=0):
    """Facades in its published form: the pairs of val/ are the reported ones."""
    rng = np.random.default_rng(seed)
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            noise = rng.integers(0, 256, (32, 64, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / split / f"{number}.png")


def publish(home, name, system="iiae", seed=0, options="", **changes):
    torch.manual_seed(seed)
    preset = replace(TINY, system=system, **changes)
    trained = IIAE(preset) if system == "iiae" else translator_of(preset)
    return checkpoint.publish(
        home / "checkpoints",
        name,
        trained,
        trained_on="nothing",
        terms="none",
        command=f"iiae train facades --steps 10 {options}",
        seed=seed,
        data_fingerprint="0",
    )


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "released", lambda: iter(()))
    write_pairs(tmp_path / "facades")

    def invoke(*options, facades="facades"):
        words = ["report", str(tmp_path / "out"), "--home", str(tmp_path)]
        words += ["--facades", str(tmp_path / facades)]
        return CliRunner().invoke(app, [*words, "--no-lpips", *options])

    return invoke


def test_the_page_has_a_row_for_each_kind_of_checkpoint(tmp_path, run):
    for name, system, seed in (("a", "iiae", 0), ("b", "iiae", 1), ("p", "pix2pix", 0)):
        publish(tmp_path, name, system, seed)
    publish(tmp_path, "ablated", options="--objective ii")
    (tmp_path / "facades" / NOTE).write_text("{}")
    assert run().exit_code == 0
    text = (tmp_path / "out" / report.PAGE).read_text()
    assert "IIAE, by shared codes | 2 |" in text
    assert "pix2pix, by pixels of the translation | 1 |" in text
    assert "## The objectives on pictures" in text and "are a stand-in" in text
    assert "| facades (stand-in) |" in text and "on facades (stand-in) (32" in text
    assert "iiae train facades --steps 10 --objective ii" in text
    assert "| 2 | 4 |" in text, "two seeds, measured on four pairs"
    drawn = [path.name for path in (tmp_path / "out").glob("*.png")]
    kinds = ("translations", "analogies", "retrieval")
    of_iiae = {(name, f"{kind}.png") for name in ("a", "ablated") for kind in kinds}
    found = {(name.split("-")[0], name.split("-")[2]) for name in drawn}
    assert found == of_iiae | {("p", "translations.png")}
    assert all(f"]({name})" in text for name in drawn)
    assert "Analogies by IIAE, II on facades (stand-in)" in text


def test_figures_are_measured_once(tmp_path, run, monkeypatch):
    publish(tmp_path, "a")
    assert "measuring a" in run().output
    monkeypatch.setattr(report, "measure_pictures", lambda *_, **__: pytest.fail("measured again"))
    again = run()
    assert again.exit_code == 0 and "measuring" not in again.output
    assert len(json.loads((tmp_path / "out" / report.FIGURES).read_text())) == 1


def test_other_data_are_measured_and_drawn_again(tmp_path, run):
    publish(tmp_path, "a")
    assert run().exit_code == 0
    write_pairs(tmp_path / "other", count=3, seed=1)
    again = run(facades="other")
    assert "measuring a" in again.output
    assert "| 1 | 3 |" in (tmp_path / "out" / report.PAGE).read_text()
    assert len(list((tmp_path / "out").glob("a-*-translations.png"))) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"options": "--steps many"}, "invalid literal"),
        ({"options": "don't ask"}, "No closing quotation"),
        ({"options": "--objective best"}, "there is no objective 'best'"),
        ({"reader": "synthetic"}, "it was trained on synthetic data"),
    ],
)
def test_a_checkpoint_that_no_row_can_have_is_left_out_and_named(tmp_path, run, changes, reason):
    publish(tmp_path, "good")
    publish(tmp_path, "odd", seed=1, **changes)
    done = run("--no-pictures")
    assert done.exit_code == 0
    assert "left out odd" in done.output and reason in done.output
    assert "| good |" in (tmp_path / "out" / report.PAGE).read_text()


def test_weights_that_were_damaged_after_they_were_measured_cost_their_pictures_only(tmp_path, run):
    folder = publish(tmp_path, "a")
    assert run("--no-pictures").exit_code == 0
    (folder / checkpoint.WEIGHTS).write_bytes(b"damaged")
    done = run()
    assert done.exit_code == 0 and "left out the pictures of a" in done.output
    assert "| a |" in (tmp_path / "out" / report.PAGE).read_text()


def test_a_damaged_checkpoint_is_left_out_and_named(tmp_path, run):
    publish(tmp_path, "good")
    (publish(tmp_path, "damaged", seed=1) / checkpoint.WEIGHTS).write_bytes(b"damaged")
    done = run()
    assert done.exit_code == 0
    assert "left out damaged" in done.output
    assert "good" in (tmp_path / "out" / report.PAGE).read_text()


@pytest.mark.parametrize("arguments", [(), ("--maps", ".")])
def test_without_data_or_checkpoints_the_report_says_what_to_give(tmp_path, monkeypatch, arguments):
    monkeypatch.setattr(checkpoint, "released", lambda: iter(()))
    words = ["report", str(tmp_path / "out"), "--home", str(tmp_path), "--no-lpips", *arguments]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert ("--home" if arguments else "--facades") in done.output


def test_a_sketch_model_whose_unseen_classes_are_not_known_is_left_out_and_named(tmp_path, run):
    publish(tmp_path, "good")
    preset = replace(PRESETS["sketchy"], width=0.0625)
    checkpoint.publish(
        tmp_path / "checkpoints",
        "sketch",
        IIAE(preset),
        trained_on="nothing",
        terms="none",
        command=f"iiae train sketchy --steps 10 --unseen {tmp_path}/lost.txt",
        seed=0,
        data_fingerprint="0",
    )
    (tmp_path / "sketchy" / "photos" / "cat").mkdir(parents=True)
    done = run("--no-pictures", "--sketchy", str(tmp_path / "sketchy"))
    assert done.exit_code == 0
    assert "left out sketch" in done.output
    assert "| good |" in (tmp_path / "out" / report.PAGE).read_text()


def test_the_report_says_how_many_checkpoints_ship_with_the_package(tmp_path, run, monkeypatch):
    shipped = publish(tmp_path / "package", "shipped")
    publish(tmp_path, "mine", seed=1)
    monkeypatch.setattr(checkpoint, "released", lambda: iter([shipped]))
    done = run("--no-pictures")
    assert done.output.count("measuring") == 2, done.output
    assert "1 checkpoints of" in done.output and "1 of the package" in done.output


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, run):
    (tmp_path / "out").write_text("mine")
    done = run()
    assert done.exit_code == 2 and "name a folder" in " ".join(done.output.replace("│", " ").split())
