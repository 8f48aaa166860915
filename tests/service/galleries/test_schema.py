"""A file of schema 1 is migrated to schema 2 without changing its photos."""

import sqlite3

import numpy as np
import reindexer
from reindexer import new, number_of, spec, vector

from service.galleries.collection import Galleries
from service.galleries.database import DATABASE

BACK_TO_SCHEMA_1 = """
DROP TABLE reindex;
DELETE FROM meta WHERE key = 'space';
ALTER TABLE photos ADD COLUMN embedding BLOB NOT NULL DEFAULT x'';
UPDATE photos SET embedding = (SELECT embedding FROM embeddings_1 AS old WHERE old.id = photos.id);
DROP TABLE embeddings_1;
PRAGMA user_version = 1;
"""


def test_a_file_of_schema_1_is_migrated_with_all_photos_and_embeddings(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec("d0"))
    gallery.add([new(number, "d0") for number in range(20)])
    gallery.remove(4)
    gallery.save_index()
    photos = gallery.page(0, 100)
    gallery.close()
    with sqlite3.connect(tmp_path / "g" / DATABASE) as connection:
        connection.executescript(BACK_TO_SCHEMA_1)
    gallery = Galleries(tmp_path).open("g")
    assert gallery.page(0, 100) == photos
    for photo in photos:
        embedding = vector(number_of(photo), "d0")
        np.testing.assert_array_equal(gallery.embedding(photo.id), embedding)
        assert gallery.search(embedding, 1)[0].photo == photo
    assert gallery.add([new(50, "d0")])[0].id == 21
    reindexer.reindex_all(tmp_path, "d2")
    assert Galleries(tmp_path).open("g").count == 20
