"""Full and read-only disks: reading goes on, writing is one clear error, and nothing is half written."""

import errno
import os
import sqlite3
import subprocess
import sys

import pytest
from gallery_photos import embedding, new_photo, run_concurrently, spec
from small_disk import files

from service.errors import StorageFull, StorageUnavailable
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.index import Index


def gallery_of_three(root) -> set[str]:
    """Create the gallery `g` with three photos and close it. Return its files."""
    galleries = Galleries(root)
    galleries.create("g", spec()).add([new_photo(number) for number in range(3)])
    galleries.open("g").save_index()
    galleries.close()
    return files(root / "g")


def check_reading(gallery: Gallery) -> None:
    """Check that the gallery can be searched, by several threads at once."""

    def search() -> None:
        hits = gallery.search(embedding(1), 2)
        assert hits[0].photo.sha256 == new_photo(1).sha256
        assert len(gallery.page(0, 10)) == gallery.count == 3

    search()
    run_concurrently([search] * 6)


def test_a_gallery_on_a_full_disk_is_searched(small_disk):
    gallery_of_three(small_disk.folder)
    opened = Galleries(small_disk.folder).open("g")
    small_disk.fill()
    check_reading(opened)
    opened.close()
    check_reading(Galleries(small_disk.folder).open("g"))  # has no `-shm` file, and cannot create one


def test_adding_to_a_full_disk_changes_nothing(small_disk):
    before = gallery_of_three(small_disk.folder)
    for opened_before in (True, False):
        galleries = Galleries(small_disk.folder)
        if opened_before:
            galleries.open("g")
        small_disk.fill()
        gallery = galleries.open("g")
        with pytest.raises(StorageFull, match="full"):
            gallery.add([new_photo(number, data=bytes(50_000)) for number in (7, 8, 9)])
        with pytest.raises(StorageFull, match="free some space"):
            gallery.add([new_photo(9, data=None, metadata={"much": "x" * 100_000})])
        assert files(small_disk.folder / "g") == before
        check_reading(gallery)
        small_disk.free()
        gallery.close()
    gallery = Galleries(small_disk.folder).open("g")
    assert len(gallery.add([new_photo(7), new_photo(8)])) == 2
    assert gallery.count == 5


def test_removing_from_a_full_disk_is_possible_after_deleting_a_gallery(small_disk):
    gallery_of_three(small_disk.folder)
    galleries = Galleries(small_disk.folder)
    galleries.create("other", spec()).add([new_photo(1, data=bytes(300_000))])
    small_disk.fill()
    galleries.delete("other")
    gallery = galleries.open("g")
    gallery.remove(1)
    assert gallery.count == 2


def test_nothing_is_left_of_a_gallery_that_does_not_fit(small_disk):
    small_disk.fill()
    galleries = Galleries(small_disk.folder)
    with pytest.raises(StorageFull):
        galleries.create("g", spec())
    assert {path.name for path in small_disk.folder.iterdir()} == {"filler"}
    small_disk.free()
    assert galleries.create("g", spec()).count == 0


def test_an_index_that_does_not_fit_leaves_no_file(small_disk):
    before = gallery_of_three(small_disk.folder)
    gallery = Galleries(small_disk.folder).open("g")
    gallery.add([new_photo(4)])
    small_disk.fill()
    with pytest.raises(StorageFull):
        gallery.save_index()
    assert {name for name in files(small_disk.folder / "g") if "index" in name} == {
        name for name in before if "index" in name
    }


def test_a_gallery_on_a_read_only_disk_is_searched(small_disk):
    before = gallery_of_three(small_disk.folder)
    small_disk.make_read_only()
    try:
        galleries = Galleries(small_disk.folder)
        gallery = galleries.open("g")
        check_reading(gallery)
        for change in (
            lambda: gallery.add([new_photo(9)]),
            lambda: gallery.remove(1),
            lambda: galleries.create("new", spec()),
            lambda: galleries.delete("g"),
            gallery.save_index,
        ):
            with pytest.raises(StorageUnavailable) as refused:
                change()
            assert "delete" not in refused.value.detail and "mounted read-write" in refused.value.detail
    finally:
        small_disk.make_writable()
    assert files(small_disk.folder / "g") == before
    check_reading(gallery)
    gallery.add([new_photo(9)])
    galleries.delete("g")


def test_unfinished_changes_on_a_read_only_disk_are_not_ignored(small_disk):
    """A killed process leaves its last photos in `-wal`. An immutable database would not show them."""
    gallery_of_three(small_disk.folder)
    program = (
        "import os, sys; from gallery_photos import new_photo; from pathlib import Path;"
        "from service.galleries.collection import Galleries;"
        "gallery = Galleries(Path(sys.argv[1])).open('g');"
        "gallery.add([new_photo(8)]); os.kill(os.getpid(), 9)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", program, str(small_disk.folder)], env=environment)
    assert killed.returncode == -9
    database = small_disk.folder / "g" / "gallery.sqlite"
    assert database.with_name("gallery.sqlite-wal").stat().st_size
    small_disk.make_read_only()
    try:
        assert Galleries(small_disk.folder).open("g").count == 4
    finally:
        small_disk.make_writable()
    database.with_name("gallery.sqlite-shm").unlink()
    small_disk.make_read_only()
    try:
        with pytest.raises(StorageUnavailable):
            Galleries(small_disk.folder).open("g")
    finally:
        small_disk.make_writable()
    assert Galleries(small_disk.folder).open("g").count == 4


# without the right to mount


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageUnavailable),
        (errno.EIO, StorageUnavailable),
        (errno.EACCES, StorageUnavailable),
        (errno.EMFILE, StorageUnavailable),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "rename", "mkdir"])
def test_a_failing_call_of_the_system_leaves_no_file(tmp_path, monkeypatch, call, number, expected):
    before = gallery_of_three(tmp_path)
    gallery = Galleries(tmp_path).open("g")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, {"fsync": "fsync", "rename": "replace", "mkdir": "mkdir"}[call], fail)
        with pytest.raises(expected, match=os.strerror(number)):
            gallery.add([new_photo(number) for number in (0x77 << 248, 0x88 << 248)])
    assert files(tmp_path / "g") == before
    assert gallery.count == 3
    assert len(gallery.add([new_photo(0x77 << 248)])) == 1


def test_too_many_open_files_are_not_damage(tmp_path):
    gallery_of_three(tmp_path)
    galleries = Galleries(tmp_path)
    program = (
        "import resource, sys; from pathlib import Path;"
        "from service.errors import StorageUnavailable; from service.galleries.collection import Galleries\n"
        "held, galleries = [], Galleries(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "try:\n"
        "    while True: held.append(open('/dev/null'))\n"
        "except OSError: pass\n"
        "try: galleries.open('g')\n"
        "except StorageUnavailable as error: print('unavailable', error)\n"
        "held.clear(); print(galleries.open('g').count)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "3", done.stderr
    assert done.stdout.startswith("unavailable")
    assert galleries.open("g").count == 3


def test_a_database_that_is_not_a_file_is_damaged_at_once(tmp_path):
    gallery_of_three(tmp_path)
    (tmp_path / "g" / "gallery.sqlite").unlink()
    os.mkfifo(tmp_path / "g" / "gallery.sqlite")
    with pytest.raises(Exception, match="not a regular file"):
        Galleries(tmp_path).open("g")


def test_a_connection_that_failed_is_not_used_again(tmp_path):
    gallery_of_three(tmp_path)
    gallery = Galleries(tmp_path).open("g")
    with pytest.raises(sqlite3.OperationalError), gallery.database.reading() as connection:
        connection.execute("SELECT * FROM nothing")
    assert gallery.database._connections._idle == []
    assert gallery.count == 3


def test_an_index_folder_that_cannot_be_written_is_an_error_of_the_disk(tmp_path, monkeypatch):
    gallery_of_three(tmp_path)
    gallery = Galleries(tmp_path).open("g")

    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Index, "save", fail)
    with pytest.raises(StorageUnavailable, match="Read-only"):
        gallery.save_index()
