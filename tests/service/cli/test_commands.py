"""The program `iiae` as a person runs it: train, publish, evaluate, index, search, translate; and wrong use."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image
from serving import EXPANDED_CURVE, png


def iiae(*words: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "IIAE_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_train_publishes_what_evaluate_measures_and_figure_draws(tmp_path):
    words = (
        "train",
        "facades",
        "--reader",
        "synthetic",
        "--data",
        tmp_path,
        "--name",
        "made-up",
        "--image-size",
        "32",
        "--width",
        "0.125",
    )
    done = iiae(*words, "--steps", "20", "--every", "10", "--batch", "4", home=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = next((tmp_path / "checkpoints" / "made-up").iterdir())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["command"].startswith("iiae train facades")
    done = iiae("evaluate", "made-up", "--data", tmp_path, "--json", tmp_path / "figures.json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {
        "top1_shared_xy",
        "top1_shared_yx",
        "top1_exclusive_xy",
        "top1_exclusive_yx",
        "pairs",
        "seed",
        "digest",
    } <= figures.keys()
    assert figures["digest"] == manifest["weights_sha256"]
    assert json.loads((folder / "manifest.json").read_text())["metrics"]["pairs"] == 64
    done = iiae("figure", "made-up", "--data", tmp_path, "--out", tmp_path / "grid.png", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "grid.png").width > 300
    done = iiae(
        "translate",
        tmp_path / "grid.png",
        "--model",
        "made-up",
        "--out",
        tmp_path / "out.png",
        "--samples",
        "2",
        home=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out-2.png").size == (32, 32)
    assert "made-up" in iiae("models", home=tmp_path).stdout


def test_index_refers_to_files_and_search_finds_them(home, tmp_path):
    for number in range(5):
        (tmp_path / "photos" / "noise").mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / "noise" / f"{number}.png").write_bytes(png(number))
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"broken")
    words = ("index", tmp_path / "photos", "--gallery", "from-cli", "--model", "drawn")
    done = iiae(*words, home=home)
    assert done.returncode == 0, done.stderr
    assert "added 5 photos" in done.stdout
    assert "broken.jpg" in done.stderr
    assert "had 5 already" in iiae(*words, home=home).stdout
    hits = json.loads(
        iiae(
            "search", tmp_path / "photos" / "noise" / "2.png", "--gallery", "from-cli", "--json", home=home
        ).stdout
    )
    assert len(hits) == 5
    assert hits[0]["label"] == "noise"
    assert iiae(*words[:2], "--gallery", "sure", "--model", "calibrated", home=home).returncode == 0
    sure = json.loads(
        iiae(
            "search", tmp_path / "photos" / "noise" / "2.png", "--gallery", "sure", "--json", home=home
        ).stdout
    )
    assert [hit["score"] for hit in sure] == pytest.approx(
        [EXPANDED_CURVE.probability(hit["score"], 5) for hit in hits], abs=1e-3
    )
    assert iiae("galleries", "delete", "sure", home=home).returncode == 0
    assert "from-cli" in iiae("galleries", home=home).stdout
    assert iiae("galleries", "delete", "from-cli", home=home).returncode == 0


def test_a_damaged_gallery_is_listed_as_such_and_is_not_the_one_that_is_searched(home, tmp_path):
    damaged = home / "galleries" / "a-damaged"
    damaged.mkdir(parents=True)
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.png").write_bytes(png(1))
    assert (
        iiae("index", tmp_path / "photos", "--gallery", "b-sound", "--model", "drawn", home=home).returncode
        == 0
    )
    done = iiae("galleries", home=home)
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if "│" in line}
    assert done.returncode == 0, done.stderr
    assert "drawn" in rows["b-sound"]
    assert "cannot be read" in rows["a-damaged"]
    done = iiae("search", tmp_path / "photos" / "1.png", "--json", home=home)
    assert done.returncode == 0, done.stderr
    assert [hit["file"] for hit in json.loads(done.stdout)] == [str(tmp_path / "photos" / "1.png")]
    done = iiae("search", tmp_path / "photos" / "1.png", "--gallery", "a-damaged", home=home)
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)
    assert iiae("galleries", "delete", "b-sound", home=home).returncode == 0
    done = iiae("search", tmp_path / "photos" / "1.png", home=home)
    assert (done.returncode, "no gallery" in done.stderr) == (2, True)
    assert iiae("galleries", "delete", "a-damaged", home=home).returncode == 0
    assert not damaged.exists()


def test_the_version_is_the_distributions(tmp_path):
    done = iiae("--version", home=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"iiae {version('iiae')}")


@pytest.mark.parametrize(
    "words",
    [
        ("train", "nothing", "--data", "x"),
        ("train", "facades", "--data", "nowhere"),
        ("train", "facades", "--data", "nowhere", "--image-size", "33"),
        ("train", "sketchy", "--data", "nowhere"),
        ("evaluate", "nothing", "--data", "x"),
        ("search", "nothing.png"),
        ("index", "nowhere"),
        ("reindex", "nothing"),
        ("galleries", "delete", "nothing"),
        ("galleries", "delete", "../x"),
        ("unknown",),
    ],
)
def test_wrong_use_is_a_sentence_and_status_2(tmp_path, words):
    done = iiae(*words, home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip()) > 20


@pytest.mark.parametrize(
    "command", ["train", "evaluate", "figure", "index", "reindex", "search", "translate", "serve", "models"]
)
def test_every_help_has_an_example_that_parses(tmp_path, command):
    done = iiae(command, "--help", home=tmp_path)
    assert done.returncode == 0
    assert re.search(rf"Example: .*iiae {command}", done.stdout.replace("\n", " "))
