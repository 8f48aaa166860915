"""An import appears complete or not at all: also if it is killed, fails, or meets another one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from gallery_files import exported, gallery_of, imported, photo

from service.errors import GalleryExists, StorageFull
from service.galleries.collection import Galleries
from service.galleries.folder import is_gallery
from service.galleries.fsck.finding import Options
from service.galleries.fsck.leftovers import GALLERIES, check_leftovers
from service.galleries.parquet import importing
from service.galleries.parquet.importing import import_gallery
from service.galleries.parquet.reading import GalleryFile
from service.galleries.parquet.refused import GalleryFileRefused
from service.galleries.whole_file import STALE_SECONDS

SLOW_IMPORT = """
import sys, time
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from gallery_files import imported
from gallery_photos import spec
from dataclasses import replace
from service.galleries.parquet import importing

add = importing._Building._add
def slow(self, row, photo):
    add(self, row, photo)
    if row == 30:
        print("half", flush=True)
        time.sleep(60)
importing._Building._add = slow
importing.ROWS = 10
imported(Path(sys.argv[1]), Path(sys.argv[2]), replace(spec(), digest="d" * 64))
"""


@pytest.fixture
def file(tmp_path):
    gallery = gallery_of(tmp_path / "a", *(photo(number) for number in range(1, 61)))
    return exported(gallery, tmp_path / "g.parquet")[0]


@pytest.fixture
def made_by(file, tmp_path):
    return Galleries(tmp_path / "a").open("g").spec


def hidden(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.name.startswith(".h-")]


def test_a_killed_import_leaves_no_gallery(file, made_by, tmp_path):
    root = tmp_path / "b"
    folders = [str(Path(__file__).parents[2]), *sys.path]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_IMPORT, str(file), str(root), *folders],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
    )
    assert process.stdout is not None and process.stdout.readline() == b"half\n"
    [left] = hidden(root)
    assert any(left.glob("thumbnails/*/*.webp"))  # it was half done
    os.utime(left, (1, 1))
    Galleries(root).remove_stale()  # as a server that starts
    assert left.exists()  # its process still works on it
    process.send_signal(signal.SIGKILL)
    process.wait()
    galleries = Galleries(root)
    assert galleries.names() == [] and not is_gallery(root / "h")
    assert hidden(root) == [left]
    for path in (*left.rglob("*"), left):
        os.utime(path, (1, 1))
    assert [each.kind for each in check_leftovers(root, GALLERIES, Options())] == ["folder_left_over"]
    galleries.remove_stale()
    assert hidden(root) == []
    again, report = imported(file, root, made_by)
    assert again.count == report.photos == 60


def test_a_fresh_leftover_stays_for_an_hour(file, made_by, tmp_path):
    root = tmp_path / "b"
    with Galleries(root).building("h") as folder:
        os.utime(folder, (time.time() - STALE_SECONDS / 2,) * 2)
        Galleries(root).remove_stale()
        assert folder.exists()
        (folder / "gallery.sqlite").write_bytes(b"")


def test_a_refused_row_at_the_end_leaves_nothing(file, made_by, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "ROWS", 10)
    table = pq.read_table(file)
    ids = table.column("id").to_pylist()
    ids[-1] = 1
    at = table.schema.get_field_index("id")
    pq.write_table(table.set_column(at, table.schema.field("id"), [ids]), file)
    with pytest.raises(GalleryFileRefused, match="row 60: an earlier row has its id 1"):
        imported(file, tmp_path / "b", made_by)
    assert list((tmp_path / "b").iterdir()) == []


def test_a_name_that_is_taken_is_refused_before_anything_is_read(file, made_by, tmp_path):
    before = imported(file, tmp_path / "b", made_by)[0]

    def spec(header):
        raise AssertionError("the model was loaded")

    with GalleryFile(file, max_pixels=10**6) as opened, pytest.raises(GalleryExists, match="exists already"):
        import_gallery(Galleries(tmp_path / "b"), "h", opened, spec)
    assert before.count == 60 and hidden(tmp_path / "b") == []


def test_a_name_that_is_taken_meanwhile_is_refused(file, made_by, tmp_path):
    """Its folder is not mixed with the imported one."""
    galleries = Galleries(tmp_path / "b")

    def spec(header):
        galleries.create("h", made_by).add([photo(1)])
        return made_by

    with GalleryFile(file, max_pixels=10**6) as opened, pytest.raises(GalleryExists):
        import_gallery(galleries, "h", opened, spec)
    assert galleries.open("h").count == 1 and hidden(tmp_path / "b") == []


def test_a_folder_with_other_files_is_not_filled(file, made_by, tmp_path):
    folder = tmp_path / "b" / "h"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(GalleryExists):
        imported(file, tmp_path / "b", made_by)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_full_disk_leaves_nothing(file, made_by, small_disk):
    root = small_disk.folder / "galleries"
    small_disk.fill()
    with (small_disk.folder / "filler").open("r+b") as filler:
        filler.truncate(filler.seek(0, os.SEEK_END) - 250_000)  # enough to begin
    with pytest.raises(StorageFull):
        imported(file, root, made_by)
    assert not root.exists() or list(root.iterdir()) == []


def test_progress_counts_every_photo(file, made_by, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "ROWS", 25)
    counts: list[int] = []
    with GalleryFile(file, max_pixels=10**6) as opened:
        import_gallery(
            Galleries(tmp_path / "b"), "h", opened, lambda header: made_by, on_progress=counts.append
        )
    assert counts == [25, 25, 10]
