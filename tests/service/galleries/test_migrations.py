"""Files of earlier schemas are migrated to the present one without changing their photos."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import reindexer
from reindexer import new, number_of, spec, vector

from service.errors import PhotoDamaged
from service.galleries import migrations
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE, GalleryDatabase
from service.galleries.fsck.finding import Options
from service.galleries.fsck.structure import check_structure
from service.galleries.gallery import Gallery
from service.galleries.migrations import SIZES_KEY, is_unsealed, seal
from service.galleries.records import Photo
from service.galleries.schema import read_meta
from service.galleries.sealer import Sealer

BACK_TO_SCHEMA_4 = """
DROP TABLE unreadable;
PRAGMA user_version = 4;
"""
BACK_TO_SCHEMA_3 = """
DROP TABLE unreadable;
DROP TABLE files;
DROP TABLE folders;
PRAGMA user_version = 3;
"""
BACK_TO_SCHEMA_2 = """
DROP TABLE unreadable;
DROP TABLE files;
DROP TABLE folders;
ALTER TABLE meta DROP COLUMN checksum;
ALTER TABLE photos DROP COLUMN checksum;
ALTER TABLE photos DROP COLUMN thumbnail;
ALTER TABLE removals DROP COLUMN checksum;
ALTER TABLE reindex DROP COLUMN checksum;
ALTER TABLE embeddings_1 DROP COLUMN checksum;
PRAGMA user_version = 2;
"""
BACK_TO_SCHEMA_1 = """
DROP TABLE reindex;
DELETE FROM meta WHERE key = 'space';
ALTER TABLE photos ADD COLUMN embedding BLOB NOT NULL DEFAULT x'';
UPDATE photos SET embedding = (SELECT embedding FROM embeddings_1 AS old WHERE old.id = photos.id);
DROP TABLE embeddings_1;
PRAGMA user_version = 1;
"""


def old_gallery(root: Path, *scripts: str) -> list[Photo]:
    """Make a gallery of 19 photos, and bring it back to an earlier schema. Return its photos."""
    gallery = Galleries(root).create("g", spec("d0"))
    gallery.add([new(number, "d0") for number in range(20)])
    gallery.remove(4)
    gallery.save_index()
    photos = gallery.page(0, 100)
    gallery.close()
    with sqlite3.connect(root / "g" / DATABASE) as connection:
        for script in scripts:
            connection.executescript(script)
    connection.close()
    return photos


def sealed_gallery(root: Path) -> Gallery:
    gallery = Galleries(root).open("g")
    gallery.sealer.join()
    return gallery


@pytest.fixture
def unsealed(tmp_path, monkeypatch):
    """A migrated database whose rows have no checksums yet."""
    monkeypatch.setattr(migrations, "STEP", 3)
    old_gallery(tmp_path, BACK_TO_SCHEMA_2)
    return GalleryDatabase(tmp_path / "g")


@pytest.mark.parametrize("script", [BACK_TO_SCHEMA_3, BACK_TO_SCHEMA_4])
def test_a_file_of_schema_3_or_4_is_migrated_with_its_checksums(tmp_path, script):
    photos = old_gallery(tmp_path, script)
    gallery = Galleries(tmp_path).open("g")
    assert gallery.page(0, 100) == photos
    with gallery.database.reading() as connection:
        assert not is_unsealed(connection)
        assert SIZES_KEY in read_meta(connection)
        for table in ("files", "unreadable"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert list(check_structure(gallery.database, Options(repair=False, quick=False))) == []


@pytest.mark.parametrize("scripts", [[BACK_TO_SCHEMA_2], [BACK_TO_SCHEMA_2, BACK_TO_SCHEMA_1]])
def test_a_file_of_an_earlier_schema_is_migrated_with_all_photos_and_embeddings(tmp_path, scripts):
    photos = old_gallery(tmp_path, *scripts)
    gallery = sealed_gallery(tmp_path)
    photos = [replace(photo, thumbnail=None) for photo in photos]
    assert gallery.page(0, 100) == photos
    for photo in photos:
        embedding = vector(number_of(photo), "d0")
        np.testing.assert_array_equal(gallery.embedding(photo.id), embedding)
        assert gallery.search(embedding, 1)[0].photo == photo
    assert gallery.add([new(50, "d0")])[0].id == 21
    reindexer.reindex_all(tmp_path, "d2")
    assert Galleries(tmp_path).open("g").count == 20


def test_rows_are_read_before_they_are_sealed(unsealed, tmp_path):
    gallery = Gallery(tmp_path / "g")
    assert len(gallery.page(0, 100)) == 19
    assert len(gallery.search(vector(1, "d0"), 100)) == 19
    assert gallery.database.damage.count == 0


def test_a_sealed_row_that_changes_is_damaged(unsealed, tmp_path):
    assert seal(unsealed, Event())
    with unsealed.transaction() as connection:
        assert not is_unsealed(connection)
        connection.execute("UPDATE photos SET label = 'changed' WHERE id = 7")
        connection.execute("UPDATE photos SET checksum = x'' WHERE id = 8")
    gallery = Gallery(tmp_path / "g")
    for photo_id in (7, 8):
        with pytest.raises(PhotoDamaged):
            gallery.photo(photo_id)
    assert len(gallery.page(0, 100)) == 17


def test_an_interrupted_sealing_continues(unsealed, tmp_path):
    class StopAfterTwoSteps(Event):
        steps = 0

        def wait(self, timeout=None):
            self.steps += 1
            if self.steps == 2:
                self.set()
            return super().wait(0)

    assert not seal(unsealed, StopAfterTwoSteps())
    with unsealed.reading() as connection:
        [sealed] = connection.execute("SELECT count(*) FROM photos WHERE checksum != x''").fetchone()
        assert (sealed, is_unsealed(connection)) == (6, True)
    sealer = Sealer(unsealed)
    sealer.join()
    assert not unsealed.unsealed
    with unsealed.reading() as connection:
        for table in ("photos", "removals", "embeddings_1"):
            assert connection.execute(f"SELECT count(*) FROM {table} WHERE checksum = x''").fetchone() == (0,)


def test_closing_a_gallery_stops_its_sealing(unsealed, tmp_path):
    gallery = Gallery(tmp_path / "g")
    gallery.close()
    assert not gallery.sealer.is_running


@pytest.mark.parametrize("scripts", [(BACK_TO_SCHEMA_2,), (BACK_TO_SCHEMA_2, BACK_TO_SCHEMA_1)])
def test_a_check_finds_nothing_in_a_migrated_gallery(tmp_path, scripts):
    old_gallery(tmp_path / "galleries", *scripts)
    gallery = sealed_gallery(tmp_path / "galleries")
    assert list(check_structure(gallery.database, Options())) == []
