"""A saved index is loaded only if it is whole and of the same embeddings."""

import json
import os

import numpy as np
import pytest

from model.sealed_json import seal
from service.galleries.faiss_index import FaissIndex, empty_state
from service.galleries.index import Index
from service.galleries.index_file import IndexFile
from service.galleries.records import Changes

DIM = 4
VECTORS = np.random.default_rng(0).normal(size=(5, DIM)).astype(np.float32)


def index_file(folder, identity: str = "a", distance: str = "cosine") -> IndexFile:
    return IndexFile(folder / "index", dim=DIM, distance=distance, identity=identity)


@pytest.fixture
def state() -> FaissIndex:
    added = list(enumerate(VECTORS, start=1))
    return empty_state(DIM, "cosine").extend(Changes(7, added, [])).extend(Changes(8, [], [2]))


def test_a_saved_index_is_loaded_as_it_was(tmp_path, state):
    index_file(tmp_path).save(state)
    loaded = index_file(tmp_path).load()
    assert loaded is not None
    assert (loaded.revision, loaded.removed, loaded.kind, loaded.count) == (8, {2}, "flat", 4)
    assert loaded.search(VECTORS[0], 5) == state.search(VECTORS[0], 5)


def test_saving_again_replaces_the_old_file(tmp_path, state):
    index_file(tmp_path).save(state)
    index_file(tmp_path).save(state.extend(Changes(9, [(6, VECTORS[0])], [])))
    assert len(list((tmp_path / "index").glob("*.faiss"))) == 1
    assert index_file(tmp_path).load().revision == 9


@pytest.mark.parametrize("other", [{"identity": "b"}, {"distance": "l2"}])
def test_an_index_of_other_embeddings_is_ignored(tmp_path, state, other):
    index_file(tmp_path).save(state)
    assert index_file(tmp_path, **other).load() is None


def test_a_damaged_index_is_ignored(tmp_path, state):
    index_file(tmp_path).save(state)
    [path] = (tmp_path / "index").glob("*.faiss")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert index_file(tmp_path).load() is None


@pytest.mark.parametrize("note", ["", "{}", "[1]", '{"layout": 1}', '{"layout": 1, "sort": 2}'])
def test_a_damaged_note_is_ignored(tmp_path, state, note):
    index_file(tmp_path).save(state)
    (tmp_path / "index" / "note.json").write_text(note)
    assert index_file(tmp_path).load() is None


def test_an_index_of_another_layout_is_ignored(tmp_path, state):
    index_file(tmp_path).save(state)
    change_note(tmp_path, layout=99)
    assert index_file(tmp_path).load() is None


def change_note(folder, **changes):
    path = folder / "index" / "note.json"
    path.write_text(json.dumps(seal(json.loads(path.read_text()) | changes)))


def test_no_damage_of_the_note_goes_unnoticed(tmp_path, state):
    index_file(tmp_path).save(state)
    path = tmp_path / "index" / "note.json"
    intact = path.read_bytes()
    for place in range(len(intact)):
        for byte in (intact[place] ^ 1, intact[place] ^ 2, ord("0"), ord(" ")):
            changed = intact[:place] + bytes([byte]) + intact[place + 1 :]
            path.write_bytes(changed)
            note = index_file(tmp_path).note()
            assert note is None or json.loads(changed) == json.loads(intact), changed


def test_a_note_without_a_checksum_is_ignored(tmp_path, state):
    index_file(tmp_path).save(state)
    path = tmp_path / "index" / "note.json"
    note = json.loads(path.read_text())
    del note["checksum"]
    path.write_text(json.dumps(note))
    assert index_file(tmp_path).load() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 4},
        {"count": 10**9},
        {"size": 10},
        {"size": 2**40},
        {"file": "../gallery.sqlite"},
        {"file": "/dev/zero"},
        {"removed": [-1]},
        {"removed": "12"},
        {"revision": -2},
        {"revision": 2**64},
    ],
)
def test_a_note_that_contradicts_its_file_is_ignored(tmp_path, state, changes):
    index_file(tmp_path).save(state)
    change_note(tmp_path, **changes)
    assert index_file(tmp_path).load() is None


def test_an_index_that_has_grown_is_not_read(tmp_path, state):
    index_file(tmp_path).save(state)
    [path] = (tmp_path / "index").glob("*.faiss")
    os.truncate(path, 2**40)  # takes no space on disk
    assert index_file(tmp_path).load() is None


@pytest.mark.timeout(10)  # opening a FIFO waits forever
@pytest.mark.parametrize("pattern", ["note.json", "*.faiss"])
def test_a_fifo_instead_of_a_file_is_ignored(tmp_path, state, pattern):
    index_file(tmp_path).save(state)
    [path] = (tmp_path / "index").glob(pattern)
    path.unlink()
    os.mkfifo(path)
    assert index_file(tmp_path).load() is None


def test_an_index_of_a_later_revision_than_the_gallerys_is_ignored(tmp_path, state):
    index_file(tmp_path, identity="").save(state)
    searched = Index(tmp_path / "index", DIM, "cosine")
    gallery = Changes(3, [(9, VECTORS[0])], [])  # as after a restored backup

    def changes(since: int) -> Changes:
        return gallery if since < gallery.revision else Changes(gallery.revision, [], [])

    assert [neighbour.id for neighbour in searched.search(VECTORS[0], 9, changes)] == [9]


def test_a_note_from_before_a_reindex_or_of_an_older_version_is_outdated(tmp_path, state):
    index_file(tmp_path).save(state)
    assert not index_file(tmp_path).is_outdated()
    assert index_file(tmp_path, identity="b").is_outdated()
    path = tmp_path / "index" / "note.json"
    path.write_text('{"layout": 1, "count": 5}')
    assert index_file(tmp_path).is_outdated()
    path.write_text('{"layout": 2, "count": 5}')
    assert not index_file(tmp_path).is_outdated()
