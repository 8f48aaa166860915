"""A saved index is loaded only if it is whole and of the same embeddings."""

import json

import numpy as np
import pytest

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
    path = tmp_path / "index" / "note.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"layout": 99}))
    assert index_file(tmp_path).load() is None


def test_an_index_of_a_later_revision_than_the_gallerys_is_ignored(tmp_path, state):
    index_file(tmp_path, identity="").save(state)
    searched = Index(tmp_path / "index", DIM, "cosine")
    gallery = Changes(3, [(9, VECTORS[0])], [])  # as after a restored backup

    def changes(since: int) -> Changes:
        return gallery if since < gallery.revision else Changes(gallery.revision, [], [])

    assert [neighbour.id for neighbour in searched.search(VECTORS[0], 9, changes)] == [9]
