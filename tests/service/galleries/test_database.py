"""The database of a gallery: damaged files, full disks, connections and threads."""

import resource
import sqlite3
import threading
import time

import pytest
from gallery_photos import embedding, new_photo, run_concurrently, spec
from open_files import open_files

from service.errors import GalleryDamaged, StorageUnavailable
from service.galleries import connections
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery


def test_a_file_of_a_newer_schema_is_refused(tmp_path):
    Galleries(tmp_path).create("g", spec()).close()
    with sqlite3.connect(tmp_path / "g" / "gallery.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(GalleryDamaged, match="schema 99"):
        Galleries(tmp_path).open("g")


def test_a_damaged_file_is_refused_when_it_is_opened(tmp_path):
    Galleries(tmp_path).create("g", spec()).close()
    for path in (tmp_path / "g").glob("gallery.sqlite*"):
        path.write_bytes(b"damaged" * 1000)
    with pytest.raises(GalleryDamaged, match="cannot be read"):
        Galleries(tmp_path).open("g")


def test_damage_found_while_reading_is_one_clear_error(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(number) for number in range(50)])
    gallery.close()
    path = tmp_path / "g" / "gallery.sqlite"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"damaged!" * ((size - 3 * 4096) // 8))
    gallery = Gallery(tmp_path / "g")
    for use in (
        lambda: gallery.count,
        lambda: gallery.page(0, 10),
        lambda: gallery.search(embedding(1), 1),
        lambda: gallery.add([new_photo(100)]),
    ):
        with pytest.raises(GalleryDamaged, match="'g' cannot be read"):
            use()


def test_a_full_disk_is_not_reported_as_damage(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(1)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = max(path.stat().st_size for path in (tmp_path / "g").glob("gallery.sqlite*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))  # no file may grow beyond this
    try:
        with pytest.raises(StorageUnavailable, match="'g' cannot be used"):
            gallery.add([new_photo(number, metadata={"much": "x" * full}) for number in (2, 3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [photo.sha256 for photo in gallery.page(0, 10)] == [new_photo(1).sha256]
    assert len(gallery.add([new_photo(2)])) == 1


def test_many_threads_share_a_few_connections(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(1)])
    barrier = threading.Barrier(6)

    def use() -> None:
        barrier.wait(5)
        assert gallery.count == 1
        assert gallery.search(embedding(1), 1)

    for _ in range(4):
        run_concurrently([use] * 6)
    assert 0 < open_files(tmp_path) <= 2 * connections.CONNECTIONS + 1
    gallery.close()
    assert open_files(tmp_path) == 0
    assert gallery.count == 1


def test_closing_does_not_disturb_running_queries(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(1)])
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            assert gallery.count == 1

    def close() -> None:
        for _ in range(100):
            gallery.close()
            time.sleep(0.001)
        stop.set()

    run_concurrently([use, use, close])
