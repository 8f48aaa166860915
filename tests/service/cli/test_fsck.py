"""`iiae fsck`: what it prints, and its exit status."""

import json
import os
from pathlib import Path

import pytest
from command_line import iiae
from serving import png, publish_tiny

from service.galleries.collection import Galleries


@pytest.fixture
def home(tmp_path):
    """A home with a checkpoint and a gallery of three photos."""
    home, photos = tmp_path / "home", tmp_path / "photos"
    publish_tiny(home)
    photos.mkdir()
    for number in range(3):
        (photos / f"{number}.png").write_bytes(png(number))
    assert iiae("index", photos, "--gallery", "g", "--model", "tiny", home=home).status == 0
    return home


def test_a_sound_home_has_no_problems(home):
    done = iiae("fsck", home=home)
    assert (done.status, done.stdout) == (0, "no problems\n")
    done = iiae("fsck", "g", "--json", home=home)
    assert (done.status, json.loads(done.stdout)) == (0, [])


def test_a_home_or_gallery_that_does_not_exist_is_an_error(home):
    done = iiae("fsck", home=home / "none")
    assert (done.status, done.stdout) == (2, "")
    assert "there is no folder" in done.stderr
    done = iiae("fsck", "none", home=home)
    assert (done.status, done.stdout) == (2, "")


def test_a_repaired_thumbnail_is_reported_once(home):
    gallery = Galleries(home / "galleries").open("g")
    gallery.thumbnail_path(gallery.photo(2)).unlink()
    expected = "g: thumbnail_damaged: the thumbnail of photo 2 is missing"
    done = iiae("fsck", home=home)
    assert (done.status, done.stdout) == (1, f"{expected}\n1 problem, 0 repaired\n")
    done = iiae("fsck", "--repair", home=home)
    assert (done.status, done.stdout) == (1, f"{expected} [repaired]\n1 problem, 1 repaired\n")
    assert iiae("fsck", home=home).status == 0


def test_a_damaged_embedding_is_embedded_again_by_reindex(home, caplog):
    gallery = Galleries(home / "galleries").open("g")
    before = gallery.embedding(2)
    with gallery.database.transaction() as connection:
        connection.execute("UPDATE embeddings_1 SET embedding = zeroblob(length(embedding)) WHERE id = 2")
    done = iiae("fsck", "g", "--repair", "--json", home=home)
    assert done.stderr == ""
    kinds = [(finding["kind"], finding["repaired"]) for finding in json.loads(done.stdout)]
    assert (done.status, ("embedding_damaged", True) in kinds) == (1, True)
    assert caplog.records == []
    assert iiae("fsck", home=home).status == 0
    assert iiae("reindex", "g", home=home).status == 0
    after = Galleries(home / "galleries").open("g").embedding(2)
    assert float(abs(after - before).max()) < 1e-5
    assert iiae("fsck", home=home).status == 0


def test_names_that_are_no_text_are_printed_escaped(home):
    folder = next((home / "galleries/g/thumbnails").iterdir())
    for name in (b"\xff", b"line\nbreak"):
        path = os.fsencode(folder) + b"/" + name
        Path(os.fsdecode(path)).write_bytes(b"x")
        os.utime(path, (0, 0))
    done = iiae("fsck", home=home)
    assert (done.status, len(done.stdout.splitlines())) == (1, 3)
    assert "\\udcff belongs" in done.stdout and "line\\nbreak belongs" in done.stdout
    assert len(json.loads(iiae("fsck", "--json", home=home).stdout)) == 2


def test_damaged_weights_are_found(home):
    weights = next((home / "checkpoints").glob("*/*/weights.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    done = iiae("fsck", home=home)
    assert (done.status, "checkpoint_damaged" in done.stdout) == (1, True)
    assert iiae("fsck", "--quick", home=home).status == 0


@pytest.mark.parametrize("words", [["nothing"], ["../g"], ["--all"]])
def test_wrong_arguments_are_exit_status_2(home, words):
    assert iiae("fsck", *words, home=home).status == 2
