"""The program `iiae` as a whole: one store for all commands, wrong use, help, and running it as a process."""

import json
import re
import subprocess
import sys

import pytest
from command_line import iiae
from PIL import Image
from serving import png, publish_tiny


def test_one_command_publishes_what_the_next_ones_use(tmp_path):
    tiny = ("--reader", "synthetic", "--data", tmp_path, "--image-size", "32", "--width", "0.125")
    short = ("--steps", "20", "--every", "10", "--batch", "4")
    done = iiae("train", "facades", *tiny, *short, "--name", "made-up", home=tmp_path)
    assert done.status == 0, done.stderr
    folder = next((tmp_path / "checkpoints" / "made-up").iterdir())
    manifest = json.loads((folder / "manifest.json").read_text())
    done = iiae("evaluate", "made-up", "--data", tmp_path, "--json", home=tmp_path)
    assert done.status == 0, done.stderr
    assert json.loads(done.stdout)["digest"] == manifest["weights_sha256"]
    done = iiae("figure", "made-up", "--data", tmp_path, "--out", tmp_path / "grid.png", home=tmp_path)
    assert done.status == 0, done.stderr
    out = ("--out", tmp_path / "out.png")
    done = iiae("translate", tmp_path / "grid.png", "--model", "made-up", *out, home=tmp_path)
    assert done.status == 0, done.stderr
    assert Image.open(tmp_path / "out.png").size == (32, 32)
    assert "made-up" in iiae("models", home=tmp_path).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("search", "nothing.png"),
        ("index", "nowhere"),
        ("reindex", "nothing"),
        ("translate", "nothing.png", "--out", "x.png"),
        ("galleries", "delete", "nothing"),
        ("galleries", "delete", "../x"),
        ("evaluate", "nothing", "--data", "x"),
        ("unknown",),
    ],
)
def test_wrong_use_is_a_sentence_and_status_2(tmp_path, words):
    done = iiae(*words, home=tmp_path)
    assert done.status == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip()) > 20


@pytest.mark.parametrize("command", ["index", "reindex", "search", "translate", "serve", "models"])
def test_the_help_of_a_command_has_an_example(tmp_path, command):
    done = iiae(command, "--help", home=tmp_path)
    assert done.status == 0
    assert re.search(rf"Example: .*iiae {command}", done.stdout.replace("\n", " "))


def test_the_program_runs_as_a_module(tmp_path):
    publish_tiny(tmp_path)
    words = [sys.executable, "-m", "service.cli", "models", "--home", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny" in done.stdout


def test_a_full_or_read_only_disk_is_one_sentence(home, small_disk, tmp_path):
    store, photos = small_disk.folder / "checkpoints", tmp_path / "photos"
    store.symlink_to(home / "checkpoints")
    photos.mkdir()
    for number in range(4):
        (photos / f"{number}.png").write_bytes(png(number, 300))
    index = ("index", photos, "--gallery", "first", "--model", "drawn")
    assert iiae(*index, home=small_disk.folder).status == 0
    (photos / "new.png").write_bytes(png(9))
    tiny = ("--reader", "synthetic", "--data", tmp_path, "--image-size", "32", "--width", "0.125")
    train = ("train", "facades", *tiny, "--steps", "20", "--every", "10", "--batch", "4", "--name", "made-up")
    commands = {
        "index": index,
        "create": ("index", photos, "--gallery", "second", "--model", "drawn"),
        "reindex": ("reindex", "first", "--model", "drawn", "--from-scratch"),
        "train": train,
    }
    small_disk.fill()
    for name, words in commands.items():
        done = iiae(*words, home=small_disk.folder)
        assert (done.status, "disk is full" in done.stderr) == (2, True), (name, done.stderr)
        assert "Traceback" not in done.stderr and "delete" not in done.stderr
    assert iiae("galleries", home=small_disk.folder).status == 0
    small_disk.free()
    small_disk.make_read_only()
    try:
        for name, words in commands.items():
            done = iiae(*words, home=small_disk.folder)
            assert (done.status, "mounted read-write" in done.stderr) == (2, True), (name, done.stderr)
            assert "Traceback" not in done.stderr
        assert "first" in iiae("galleries", home=small_disk.folder).stdout
    finally:
        small_disk.make_writable()
    assert iiae(*index, home=small_disk.folder).status == 0
