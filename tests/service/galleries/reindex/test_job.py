"""Galleries embedded anew, against a model in Python: in any order with adding, removing, searching, crashes and kill -9."""

import hashlib
import multiprocessing
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import reindexer
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PIL import Image
from reindexer import DIMS, embedded, new, number_of, spec, vector

from model.inference import Inference, NoDrawing
from service.errors import (
    GalleryNotFound,
    GalleryReindexed,
    PhotoNotFound,
    ReindexCancelled,
    ReindexNotFound,
    ReindexRunning,
)
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.gallery import Gallery
from service.galleries.reindex import job as job_module
from service.galleries.reindex import rows
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.rows import EmbeddedPhoto


@dataclass
class Space:
    """What a space should hold: of each photo its embedding, if any, and whether that is a sound one."""

    digest: str
    held: dict[int, tuple[np.ndarray | None, bool]] = field(default_factory=dict)
    takes_over: bool = False


class Against(RuleBasedStateMachine):
    """A gallery that two processes have open, one of which may be reindexing it; of every fifth picture d2 makes nothing, of every fourth a stand-in."""

    def __init__(self) -> None:
        super().__init__()
        self.constants = pytest.MonkeyPatch()
        self.constants.setattr(job_module, "PAGE", 3)
        self.constants.setattr(job_module, "LOCK_SECONDS", 0)
        self.constants.setattr(rows, "STEP", 4)
        self.root = Path(tempfile.mkdtemp())
        self.both = [Galleries(self.root), Galleries(self.root)]
        self.both[0].create("g", spec("d0"))
        self.numbers: dict[int, int] = {}
        self.present, self.staged = Space("d0"), None
        self.job: ReindexJob | None = None
        self.long_open = (self.both[0].open("g"), self.present)

    def teardown(self) -> None:
        self.drop()
        for galleries in self.both:
            galleries.close()
        shutil.rmtree(self.root)
        self.constants.undo()

    @rule(numbers=st.lists(st.integers(0, 40), min_size=1, max_size=8, unique=True), who=st.integers(0, 1))
    def add(self, numbers: list[int], who: int) -> None:
        gallery = self.both[who].open("g")
        known = gallery.known([new(number, "d0").sha256 for number in numbers])
        assert {photo.id for photo in known.values()} == {
            identity
            for identity, number in self.numbers.items()
            if number in numbers and self.present.held[identity][0] is not None
        }
        for photo in gallery.add([new(number, self.present.digest) for number in numbers]):
            self.numbers[photo.id] = number_of(photo)
            if self.present.held.get(photo.id, (None,))[0] is None:
                self.present.held[photo.id] = (vector(number_of(photo), self.present.digest), True)
                if self.staged is not None and not self.staged.held.get(photo.id, (None, True))[1]:
                    del self.staged.held[photo.id]

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), who=st.integers(0, 1))
    def remove(self, data: st.DataObject, who: int) -> None:
        identity = data.draw(st.sampled_from(sorted(self.numbers)))
        self.both[who].open("g").remove(identity)
        del self.numbers[identity]
        for space in filter(None, (self.present, self.staged)):
            space.held.pop(identity, None)

    @rule(digest=st.sampled_from(sorted(DIMS)), anew=st.booleans(), who=st.integers(0, 1))
    def begin(self, digest: str, anew: bool, who: int) -> None:
        gallery = self.both[who].open("g")
        if self.job is not None:
            with pytest.raises(ReindexRunning):
                ReindexJob(gallery, spec(digest), from_scratch=anew)
            return
        job = ReindexJob(gallery, spec(digest), from_scratch=anew)
        if self.staged is not None and self.staged.digest == digest and not anew:
            self.staged.held = {identity: kept for identity, kept in self.staged.held.items() if kept[1]}
        elif (
            digest == self.present.digest
            and not anew
            and all(sound for _, sound in self.present.held.values())
        ):
            assert job.switched
            job.end()
            self.staged = None
            return
        else:
            self.staged = Space(digest, takes_over=digest == self.present.digest and not anew)
        self.job, self.pages, self.out, self.cancelled = job, job.pages(), None, False
        self.fresh = True

    @precondition(lambda self: self.job is not None)
    @rule(steps=st.integers(1, 15))
    def go_on(self, steps: int) -> None:
        assert self.job is not None
        for step in range(steps):
            try:
                page = self.out or next(self.pages, None)
                if self.fresh and self.staged is not None and self.staged.takes_over:
                    self.staged.held = {
                        identity: kept for identity, kept in self.present.held.items() if kept[1]
                    } | self.staged.held
                self.fresh = False  # what comes from now on is not taken over
                if self.out is None and page is not None and step == steps - 1:
                    self.out = page  # to be kept later, whatever comes before that
                    return
                self.out = None
                if page is None:
                    self.job.switch()
                    self.pages = self.job.pages()
                else:
                    self.keep(page)
            except ReindexCancelled as error:
                assert self.cancelled
                self.job.end(error)
                self.job = None
                return
            assert not self.cancelled
            if self.job.switched:
                self.job.end()
                assert self.staged is not None and self.staged.held.keys() == self.numbers.keys()
                self.present, self.staged, self.job = (
                    Space(self.staged.digest, self.staged.held),
                    None,
                    None,
                )
                return

    def keep(self, page) -> None:
        outcomes = {photo.id: self.outcome(photo) for photo in page}
        self.job.keep([outcomes[photo.id] for photo in page])
        self.staged.held |= {
            identity: (each.embedding, each.fault is None)
            for identity, each in outcomes.items()
            if identity in self.numbers
        }

    def outcome(self, photo) -> EmbeddedPhoto:
        number, digest = number_of(photo), self.staged.digest
        if digest == "d2" and number % 5 == 0:
            return EmbeddedPhoto(photo_id=photo.id, embedding=None, fault="nothing of it is left")
        if digest == "d2" and number % 4 == 0:
            return EmbeddedPhoto(
                photo_id=photo.id, embedding=vector(1_000 + number, digest), fault="its file is gone"
            )
        return embedded([photo], digest)[0]

    @precondition(lambda self: self.job is not None)
    @rule(how=st.sampled_from(["killed", "failed", "interrupted"]))
    def drop(self, how: str = "killed") -> None:
        if self.job is None:
            return
        if how == "killed":
            self.job._lock.close()
        else:
            self.job.end(RuntimeError("no memory") if how == "failed" else KeyboardInterrupt())
        if not self.cancelled:
            found = job_module.last_progress(self.both[0].open("g"))
            assert found.state == "failed"
            assert (found.error == "no memory") == (how == "failed")
        self.job = None

    @rule(who=st.integers(0, 1))
    def cancel(self, who: int) -> None:
        gallery = self.both[who].open("g")
        if self.staged is None:
            with pytest.raises(ReindexNotFound):
                job_module.cancel_reindex(gallery)
            return
        job_module.cancel_reindex(gallery)
        assert job_module.last_progress(gallery).state == "cancelled"
        self.staged, self.cancelled = None, True

    @rule(seed=st.integers(1_000, 1_100), k=st.integers(1, 50), who=st.integers(0, 1))
    def search(self, seed: int, k: int, who: int) -> None:
        self.check_search(self.both[who].open("g"), seed, k)

    def check_search(self, gallery: Gallery, seed: int, k: int) -> None:
        query = vector(seed, self.present.digest)
        scores = {
            identity: score(query, kept[0], gallery.spec.distance)
            for identity, kept in self.present.held.items()
            if kept[0] is not None
        }
        found = gallery.search(query, k)
        assert len({hit.photo.id for hit in found}) == len(found)
        np.testing.assert_allclose(
            [hit.score for hit in found], sorted(scores.values(), reverse=True)[:k], rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(
            [scores[hit.photo.id] for hit in found], [hit.score for hit in found], rtol=1e-4, atol=1e-5
        )

    @rule()
    def search_what_was_opened_long_ago(self) -> None:
        gallery, space = self.long_open
        if space is self.present:
            self.check_search(gallery, 5, 7)
            return
        uses = (
            lambda: gallery.search(vector(5, space.digest), 7),
            lambda: gallery.search_expanded(vector(5, space.digest), 7),
            lambda: gallery.vector(next(iter(self.numbers), 1)),
            lambda: gallery.add([new(3, space.digest)]),
            lambda: gallery.known([new(3, space.digest).sha256]),
            gallery.save_index,
        )
        for use in uses:
            with pytest.raises(GalleryReindexed):
                use()

    @rule()
    def open_anew(self) -> None:
        self.long_open = (Gallery(self.root / "g"), self.present)

    @rule(who=st.integers(0, 1))
    def save_and_restart(self, who: int) -> None:
        self.both[who].open("g").save_index()
        self.both[who].close()
        self.both[who] = Galleries(self.root)

    @invariant()
    def all_is_there(self) -> None:
        for galleries in self.both:
            gallery = galleries.open("g")
            assert (gallery.spec.digest, gallery.spec.dim) == (
                self.present.digest,
                DIMS[self.present.digest],
            )
            page = gallery.page(0, 100)
            assert [(photo.id, number_of(photo)) for photo in page] == sorted(self.numbers.items())
            for photo in page:
                number = number_of(photo)
                assert (photo.label, photo.metadata) == (f"label {number}", {"number": number})
                assert gallery.picture_path(photo).read_bytes() == b"picture %d" % number
                embedding = self.present.held[photo.id][0]
                if embedding is None:
                    with pytest.raises(PhotoNotFound, match="could not be read"):
                        gallery.vector(photo.id)
                else:
                    np.testing.assert_array_equal(gallery.vector(photo.id), embedding)

    @invariant()
    def progress_is_told(self) -> None:
        if self.job is None or self.cancelled:
            return
        found = job_module.last_progress(self.both[1].open("g"))
        assert (found.state, found.digest, found.total) == ("running", self.staged.digest, len(self.numbers))
        if not self.staged.takes_over:
            assert found.done == len(self.staged.held)
            faulty = {
                identity: kept[0] is not None for identity, kept in self.staged.held.items() if not kept[1]
            }
            assert {fault.photo_id: fault.thumbnail for fault in found.faults} == faulty


TestReindexed = Against.TestCase
TestReindexed.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


def score(query: np.ndarray, embedding: np.ndarray, distance: str) -> float:
    if distance == "cosine":
        return float(query @ embedding / np.linalg.norm(query) / np.linalg.norm(embedding))
    return float(1 / (1 + np.linalg.norm(query - embedding)))


def made(root: Path, count: int) -> Gallery:
    gallery = Galleries(root).create("g", spec("d0"))
    gallery.add([new(number, "d0") for number in range(count)])
    return gallery


def spaces(root: Path) -> list[str]:
    with sqlite3.connect(root / "g" / DATABASE) as connection:
        return [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE name GLOB 'embeddings_*' AND type = 'table'"
            )
        ]


KILLS = 3
"""How often a reindex is killed, before it is left to come to its end."""


def test_killed_at_any_moment_it_is_the_old_gallery_or_the_new_and_goes_on(tmp_path):
    """With SIGKILL, while photos are added and removed. What was embedded before a kill is not embedded again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reindexer"])
    chance, numbers = random.Random(0), iter(range(1_000, 1_000_000))
    made(tmp_path, 150)
    outcomes: list[str] = []
    for target in ("d1", "d2", "d3"):
        before, farthest, attempts = Galleries(tmp_path).open("g").spec.digest, 0, 0
        while outcomes[-1:] != [target]:
            attempts += 1
            process = context.Process(target=reindexer.reindex_all, args=(tmp_path, target))
            process.start()
            until = time.monotonic() + 60
            while process.is_alive() and not running(tmp_path, target) and time.monotonic() < until:
                time.sleep(0.005)
            until = time.monotonic() + chance.uniform(0, 0.3)
            while process.is_alive() and time.monotonic() < until:
                with suppress(GalleryReindexed):
                    add_two_and_remove_one(Galleries(tmp_path).open("g"), numbers)
            if attempts <= KILLS:
                process.kill()
            process.join()
            galleries = Galleries(tmp_path)
            gallery = galleries.open("g")
            digest = gallery.spec.digest
            assert digest in (before, target)
            photos = gallery.page(0, 10_000)
            assert len(photos) == gallery.count >= 150
            for photo in photos:
                np.testing.assert_array_equal(gallery.vector(photo.id), vector(number_of(photo), digest))
            for photo in chance.sample(photos, 5):
                assert gallery.search(vector(number_of(photo), digest), 1)[0].photo.id == photo.id
            if digest == before:
                progress = job_module.last_progress(gallery)
                assert progress.done >= farthest - 40  # photos that were removed again
                farthest = progress.done
            outcomes.append(digest)
    reindexer.reindex_all(tmp_path, "d3")
    with sqlite3.connect(tmp_path / "g" / DATABASE) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(spaces(tmp_path)) == 1
    assert len(outcomes) > 3  # or nothing was killed before it was through


def running(root: Path, digest: str) -> bool:
    with suppress(ReindexNotFound):
        found = job_module.last_progress(Galleries(root).open("g"))
        return found.state == "running" and found.digest == digest
    return False


def add_two_and_remove_one(gallery: Gallery, numbers: Iterator[int]) -> None:
    digest = gallery.spec.digest
    gallery.remove(gallery.add([new(next(numbers), digest), new(next(numbers), digest)])[0].id)


def test_what_came_while_the_last_page_was_embedded_is_embedded_too(tmp_path):
    gallery = made(tmp_path, 3)
    with ReindexJob(gallery, spec("d1")) as job:
        for page in job.pages():
            job.keep(embedded(page, "d1"))
        late = gallery.add([new(7, "d0")])[0]
        job.switch()
        assert not job.switched
        pages = list(job.pages())
        assert [[photo.id for photo in page] for page in pages] == [[late.id]]
        job.keep(embedded(pages[0], "d1"))
        job.switch()
        assert job.switched
    assert Galleries(tmp_path).open("g").search(vector(7, "d1"), 1)[0].photo.id == late.id


def test_the_gallery_compares_as_the_new_checkpoint_does(tmp_path):
    made(tmp_path, 12)
    for target in ("d3", "d2"):  # to L2 distance, and back to the cosine
        reindexer.reindex_all(tmp_path, target)
        gallery = Galleries(tmp_path).open("g")
        assert (gallery.spec.digest, gallery.spec.distance, gallery.spec.dim) == (
            target,
            spec(target).distance,
            DIMS[target],
        )
        query = vector(99, target)
        by_hand = sorted(
            range(12), key=lambda number: -score(query, vector(number, target), spec(target).distance)
        )
        assert [number_of(hit.photo) for hit in gallery.search(query, 12)] == by_hand


def test_a_reindex_that_ends_while_it_is_looked_at_has_not_failed(tmp_path, monkeypatch):
    gallery = made(tmp_path, 3)
    job = ReindexJob(gallery, spec("d1"))
    for page in job.pages():
        job.keep(embedded(page, "d1"))

    def ends(_: Gallery) -> bool:  # between the look at the rows and the look at the lock
        job.switch()
        job.end()
        return False

    monkeypatch.setattr(job_module, "_is_locked", ends)
    assert (job_module.last_progress(gallery).state, job_module.last_progress(gallery).error) == (
        "done",
        None,
    )


def test_a_page_that_was_not_kept_is_not_switched_over(tmp_path):
    with ReindexJob(made(tmp_path, 3), spec("d1")) as job:
        list(job.pages())
        with pytest.raises(RuntimeError, match="3 photos"):
            job.switch()
    assert Galleries(tmp_path).open("g").spec.digest == "d0"


def test_the_old_embeddings_leave_the_file(tmp_path):
    gallery = made(tmp_path, 40)
    reindexer.reindex_all(tmp_path, "d2")
    assert spaces(tmp_path) == ["embeddings_2"]
    with ReindexJob(Galleries(tmp_path).open("g"), spec("d1")) as job:
        job.keep(embedded(next(job.pages()), "d1"))
        assert spaces(tmp_path) == ["embeddings_2", "embeddings_3"]
        job_module.cancel_reindex(gallery)
        with pytest.raises(ReindexCancelled):
            job.switch()
    assert spaces(tmp_path) == ["embeddings_2"]


def test_cancelling_an_interrupted_reindex_drops_what_it_embedded(tmp_path):
    gallery = made(tmp_path, 40)
    job = ReindexJob(gallery, spec("d1"))
    job.keep(embedded(next(job.pages()), "d1"))
    job.end(KeyboardInterrupt())
    assert spaces(tmp_path) == ["embeddings_1", "embeddings_2"]
    job_module.cancel_reindex(gallery)
    assert spaces(tmp_path) == ["embeddings_1"]


def test_a_picture_without_a_drawing_is_a_fault_and_ends_nothing(tmp_path, monkeypatch):
    def prepare(*_):
        raise NoDrawing("there is no ink")

    monkeypatch.setattr(Inference, "prepare", prepare)
    blank = BytesIO()
    Image.new("RGB", (8, 8), "white").save(blank, "PNG")
    sha256 = hashlib.sha256(blank.getvalue()).hexdigest()
    gallery = made(tmp_path, 0)
    [photo] = gallery.add(
        [
            replace(
                new(0, "d0"),
                sha256=sha256,
                data=blank.getvalue(),
                thumbnail=blank.getvalue(),
                width=8,
                height=8,
            )
        ]
    )
    found = job_module.read_photo(gallery, Inference.__new__(Inference), "x", photo)
    assert (found.pixels, found.fault) == (None, "there is no ink")


def test_the_saved_index_of_the_old_embeddings_is_not_taken(tmp_path):
    made(tmp_path, 20).save_index()
    reindexer.reindex_all(tmp_path, "d1")  # of the same length, so that a mistake would answer
    gallery = Galleries(tmp_path).open("g")
    for number in range(20):
        assert number_of(gallery.search(vector(number, "d1"), 1)[0].photo) == number
    gallery.save_index()
    assert len(list((tmp_path / "g" / "index").glob("*.faiss"))) == 1


def test_a_gallery_deleted_meanwhile_ends_it(tmp_path):
    galleries = Galleries(tmp_path)
    made(tmp_path, 5)
    job = ReindexJob(galleries.open("g"), spec("d1"))
    page = next(job.pages())
    galleries.delete("g")
    with pytest.raises(GalleryNotFound) as error:
        job.keep(embedded(page, "d1"))
    job.end(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_schema_1_is_brought_to_schema_2_as_it_was(tmp_path):
    gallery = made(tmp_path, 20)
    gallery.remove(4)
    gallery.save_index()
    photos = gallery.page(0, 100)
    gallery.close()
    path = tmp_path / "g" / DATABASE
    with sqlite3.connect(path) as connection:  # as it was made before
        connection.executescript(
            """DROP TABLE reindex; DELETE FROM meta WHERE key = 'space'; ALTER TABLE photos ADD COLUMN embedding BLOB NOT NULL DEFAULT x'';
            UPDATE photos SET embedding = (SELECT embedding FROM embeddings_1 AS old WHERE old.id = photos.id); DROP TABLE embeddings_1;
            PRAGMA user_version = 1;"""
        )
    gallery = Galleries(tmp_path).open("g")
    assert gallery.page(0, 100) == photos
    for photo in photos:
        np.testing.assert_array_equal(gallery.vector(photo.id), vector(number_of(photo), "d0"))
        assert gallery.search(vector(number_of(photo), "d0"), 1)[0].photo == photo
    assert gallery.add([new(50, "d0")])[0].id == 21
    reindexer.reindex_all(tmp_path, "d2")
    assert Galleries(tmp_path).open("g").count == 20
