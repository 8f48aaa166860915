"""`iiae galleries export` and `import`: round trips, questions, refusals, and what they say."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from command_line import Terminal, iiae
from gallery_files import rewritten
from serving import png, publish_sketch

from service.galleries.collection import Galleries

ROOT = Path(__file__).parents[3]
WITHOUT_ARROW = """
import sys
sys.modules["pyarrow"] = None  # an import of it fails
from service.cli.__main__ import main
main()
"""


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos" / "cats"
    folder.mkdir(parents=True)
    for number in range(12):
        (folder / f"{number}.png").write_bytes(png(number))
    return folder.parent


@pytest.fixture
def machine(tmp_path, photos):
    """A home with a checkpoint and a gallery of 12 photos."""
    home = tmp_path / "machine"
    publish_sketch(home)
    assert iiae("index", photos, "--gallery", "g", "--model", "drawn", home=home).status == 0
    return home


@pytest.fixture
def other(tmp_path, machine):
    """Another home with the same checkpoint."""
    home = tmp_path / "other"
    home.mkdir()
    (home / "checkpoints").symlink_to(machine / "checkpoints")
    return home


def searched(home: Path, gallery: str, sketch: Path) -> list[tuple[object, ...]]:
    done = iiae("search", sketch, "--gallery", gallery, "--k", "12", "--json", home=home)
    assert done.status == 0, done.stderr
    return [(hit["id"], hit["score"], hit["label"]) for hit in json.loads(done.stdout)]


def test_a_gallery_moves_to_another_machine(machine, other, photos, tmp_path):
    file = tmp_path / "g.parquet"
    done = iiae("galleries", "export", "g", file, home=machine)
    assert done.status == 0 and done.stdout.startswith("exported 12 photos: "), done.stderr
    done = iiae("galleries", "import", "here", file, home=other)
    assert (done.status, done.stdout) == (0, "imported 12 photos into here\n"), done.stderr
    assert "the originals of 12 photos are not in the file" in done.stderr
    sketch = photos / "cats" / "3.png"
    assert searched(other, "here", sketch) == searched(machine, "g", sketch)
    assert len(searched(other, "here", sketch)) == 12
    assert iiae("fsck", home=other).status == 0
    [file] = {hit["file"] for hit in json.loads(iiae("search", sketch, "--json", home=other).stdout)}
    assert file is None


def test_the_folder_of_the_photos_brings_the_originals_back(machine, other, photos, tmp_path):
    file = tmp_path / "g.parquet"
    iiae("galleries", "export", "g", file, home=machine)
    imported = iiae("galleries", "import", "here", file, home=other)
    moved = tmp_path / "elsewhere"
    photos.rename(moved)
    (moved / "cats").rename(moved / "felines")
    before = Galleries(other / "galleries").open("here").page(0, 20)
    assert "`iiae index FOLDER --gallery here --model drawn`" in imported.stderr
    done = iiae("index", moved, "--gallery", "here", "--model", "drawn", home=other)
    assert "0 added, 12 moved, 0 relabelled, 0 removed" in done.stdout, done.stderr
    after = Galleries(other / "galleries").open("here")
    assert [(each.id, each.sha256, each.label) for each in after.page(0, 20)] == [
        (each.id, each.sha256, "cats") for each in before
    ]
    for each in after.page(0, 20):
        assert Path(each.source).parent == moved / "felines"
        assert each.metadata == {"file": f"felines/{Path(each.source).name}"}
        with after.picture(each) as original:
            assert original.read() == Path(each.source).read_bytes()
    assert iiae("fsck", home=other).status == 0
    done = iiae("sync", "here", home=other)  # and it follows the folder from now on
    assert "12 unchanged" in done.stdout


def test_json_and_originals(machine, other, tmp_path):
    file = tmp_path / "g.parquet"
    done = iiae("galleries", "export", "g", file, "--photos", "--json", home=machine)
    assert json.loads(done.stdout) == {
        "gallery": "g",
        "file": str(file),
        "bytes": file.stat().st_size,
        "photos": 12,
        "originals": 12,
        "uploads_left": 0,
        "originals_lost": 0,
        "thumbnails_lost": 0,
        "damaged": 0,
    }
    done = iiae("galleries", "import", "here", file, "--json", home=other)
    assert json.loads(done.stdout) == {
        "gallery": "here",
        "file": str(file),
        "photos": 12,
        "originals": 12,
        "elsewhere": 0,
        "thumbnails_lost": 0,
    }
    gallery = Galleries(other / "galleries").open("here")
    found = {gallery.picture_path(each).read_bytes() for each in gallery.page(0, 20)}
    assert found == {png(number) for number in range(12)}


def test_a_file_is_replaced_only_if_somebody_says_so(machine, tmp_path, monkeypatch):
    file = tmp_path / "g.parquet"
    file.write_text("mine")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    refused = iiae("galleries", "export", "g", file, home=machine)
    assert refused.status == 2 and "add --yes" in refused.stderr
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert iiae("galleries", "export", "g", file, home=machine).status == 1
    assert file.read_text() == "mine"
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert iiae("galleries", "export", "g", file, home=machine).status == 0
    assert pq.read_table(file).num_rows == 12
    file.write_text("mine")
    assert iiae("galleries", "export", "g", file, "--yes", home=machine).status == 0
    assert pq.read_table(file).num_rows == 12
    assert [path.name for path in tmp_path.glob(".g.parquet*")] == []


def test_targets_that_cannot_be_written_are_one_sentence(machine, tmp_path):
    done = iiae("galleries", "export", "g", tmp_path, home=machine)
    assert done.status == 2 and "is not a file" in done.stderr
    done = iiae("galleries", "export", "g", tmp_path / "no" / "g.parquet", home=machine)
    assert done.status == 2 and "there is no folder" in done.stderr
    done = iiae("galleries", "export", "h", tmp_path / "g.parquet", home=machine)
    assert done.status == 2 and "there is no gallery 'h'" in done.stderr
    assert not (tmp_path / "g.parquet").exists()


def test_a_failed_export_leaves_the_old_file(machine, tmp_path):
    file = tmp_path / "g.parquet"
    iiae("galleries", "export", "g", file, home=machine)
    before = file.read_bytes()
    gallery = Galleries(machine / "galleries").open("g")
    with gallery.database.transaction() as connection:
        connection.execute("DROP TABLE photos")
    assert iiae("galleries", "export", "g", file, "--yes", home=machine).status == 2
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".g.parquet*")] == []


def test_embeddings_of_another_checkpoint_are_refused(machine, tmp_path):
    file = tmp_path / "g.parquet"
    iiae("galleries", "export", "g", file, home=machine)
    digest = Galleries(machine / "galleries").open("g").spec.digest
    bare = tmp_path / "bare"
    publish_sketch(bare, "knowing", things=6)
    done = iiae("galleries", "import", "here", file, home=bare)
    said = done.stderr.replace("\n", " ")
    assert done.status == 2 and f"{file} was not imported" in said
    assert f"are of the checkpoint drawn {digest[:12]}, and this home has no drawn; it has" in said
    publish_sketch(machine, things=3)  # a newer checkpoint of that name
    done = iiae("galleries", "import", "here", file, home=machine)
    assert f"are of the checkpoint drawn {digest[:12]}, and drawn is " in done.stderr.replace("\n", " ")
    for home in (bare, machine):
        assert not (home / "galleries" / "here").exists()


def test_the_checkpoint_may_have_another_name_here(machine, photos, tmp_path):
    file = tmp_path / "g.parquet"
    iiae("galleries", "export", "g", file, home=machine)
    renamed = tmp_path / "renamed"
    publish_sketch(renamed, "renamed")
    done = iiae("galleries", "import", "here", file, home=renamed)
    assert done.status == 0, done.stderr
    sketch = photos / "cats" / "5.png"
    assert searched(renamed, "here", sketch) == searched(machine, "g", sketch)


def test_texts_of_other_people_command_no_terminal(machine, other, photos, tmp_path):
    file = tmp_path / "g.parquet"
    iiae("galleries", "export", "g", file, home=machine)
    evil = ["\x1b[2J\rgone"] * 12
    file = rewritten(file, label=evil, image_path=evil)
    assert iiae("galleries", "import", "here", file, home=other).status == 0
    done = iiae("search", photos / "cats" / "3.png", "--gallery", "here", "--k", "2", home=other)
    assert done.status == 0 and "\\x1b[2J\\rgone" in done.stdout
    assert "\x1b" not in done.stdout and "\r" not in done.stdout


def test_files_that_are_none(machine, tmp_path):
    done = iiae("galleries", "import", "here", tmp_path / "none.parquet", home=machine)
    assert done.status == 2 and "there is no file" in done.stderr
    done = iiae("galleries", "import", "here", tmp_path, home=machine)
    assert done.status == 2 and "there is no file" in done.stderr
    (tmp_path / "x.parquet").write_bytes(np.arange(100).tobytes())
    done = iiae("galleries", "import", "here", tmp_path / "x.parquet", home=machine)
    assert done.status == 2 and "x.parquet was not imported: it is not a Parquet file" in done.stderr


@pytest.mark.parametrize("words", [["export", "g"], ["import", "here"]])
def test_without_pyarrow_one_sentence_says_what_to_install(machine, tmp_path, words):
    environment = {**os.environ, "IIAE_HOME": str(machine), "PYTHONPATH": str(ROOT), "COLUMNS": "300"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ARROW, "galleries", *words, str(tmp_path / "g.parquet")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "iiae: Parquet files need the package pyarrow; install it with: pip install 'iiae[parquet]'\n"
    )
    assert not (tmp_path / "g.parquet").exists()


def test_other_commands_do_not_need_pyarrow(machine):
    environment = {**os.environ, "IIAE_HOME": str(machine), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ARROW, "galleries", "--json"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert [each["photos"] for each in json.loads(done.stdout)] == [12], done.stderr
