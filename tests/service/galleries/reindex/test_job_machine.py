"""A reindexed gallery against a dictionary: any order of changes, searches, reindexes and crashes."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from reindexer import DIMS, embedded, new, number_of, score, spec, vector

from service.errors import (
    GalleryReindexed,
    PhotoNotFound,
    ReindexCancelled,
    ReindexNotFound,
    ReindexRunning,
)
from service.galleries.collection import Galleries
from service.galleries.fsck.check import check_gallery
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.reindex import job as job_module
from service.galleries.reindex import lock, rows
from service.galleries.reindex.job import ReindexJob, cancel_reindex, last_progress
from service.galleries.reindex.records import EmbeddedPhoto


@dataclass
class Space:
    """The expected embeddings of a space: by photo id, the embedding, if any, and whether it has no fault."""

    digest: str
    embeddings: dict[int, tuple[np.ndarray | None, bool]] = field(default_factory=dict)
    takes_over: bool = False


class ReindexMachine(RuleBasedStateMachine):
    """A gallery that two processes have open. One of them may reindex it.

    For checkpoint d2, every fifth photo is lost, and every fourth has only its thumbnail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.constants = pytest.MonkeyPatch()
        self.constants.setattr(job_module, "PAGE", 3)
        self.constants.setattr(lock, "TIMEOUT", 0)
        self.constants.setattr(rows, "STEP", 4)
        self.root = Path(tempfile.mkdtemp())
        self.both = [Galleries(self.root), Galleries(self.root)]
        self.both[0].create("g", spec("d0"))
        self.numbers: dict[int, int] = {}
        self.present, self.new_space = Space("d0"), None
        self.job: ReindexJob | None = None
        self.opened_before = (self.both[0].open("g"), self.present)

    def teardown(self) -> None:
        self.drop()
        findings = list(check_gallery(self.both[0].open("g"), Options(quick=True)))
        assert {finding.kind for finding in findings} <= {"space_unused"}
        for galleries in self.both:
            galleries.close()
        shutil.rmtree(self.root)
        self.constants.undo()

    @rule(numbers=st.lists(st.integers(0, 40), min_size=1, max_size=8, unique=True), who=st.integers(0, 1))
    def add(self, numbers: list[int], who: int) -> None:
        gallery = self.both[who].open("g")
        known = gallery.known([new(number, "d0").sha256 for number in numbers])
        assert {photo.id for photo in known.values()} == {
            photo_id
            for photo_id, number in self.numbers.items()
            if number in numbers and self.present.embeddings[photo_id][0] is not None
        }
        for photo in gallery.add([new(number, self.present.digest) for number in numbers]):
            self.numbers[photo.id] = number_of(photo)
            if self.present.embeddings.get(photo.id, (None,))[0] is None:
                self.present.embeddings[photo.id] = (vector(number_of(photo), self.present.digest), True)
                if (
                    self.new_space is not None
                    and not self.new_space.embeddings.get(photo.id, (None, True))[1]
                ):
                    del self.new_space.embeddings[photo.id]

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), who=st.integers(0, 1))
    def remove(self, data: st.DataObject, who: int) -> None:
        photo_id = data.draw(st.sampled_from(sorted(self.numbers)))
        self.both[who].open("g").remove(photo_id)
        del self.numbers[photo_id]
        for space in filter(None, (self.present, self.new_space)):
            space.embeddings.pop(photo_id, None)

    @rule(digest=st.sampled_from(sorted(DIMS)), from_scratch=st.booleans(), who=st.integers(0, 1))
    def begin(self, digest: str, from_scratch: bool, who: int) -> None:
        gallery = self.both[who].open("g")
        if self.job is not None:
            with pytest.raises(ReindexRunning):
                ReindexJob(gallery, spec(digest), from_scratch=from_scratch)
            return
        job = ReindexJob(gallery, spec(digest), from_scratch=from_scratch)
        if self.new_space is not None and self.new_space.digest == digest and not from_scratch:
            self.new_space.embeddings = {
                photo_id: kept for photo_id, kept in self.new_space.embeddings.items() if kept[1]
            }
        elif (
            digest == self.present.digest
            and not from_scratch
            and all(faultless for _, faultless in self.present.embeddings.values())
        ):
            assert job.switched
            job.end()
            self.new_space = None
            return
        else:
            self.new_space = Space(digest, takes_over=digest == self.present.digest and not from_scratch)
        self.job, self.pages, self.pending, self.cancelled = job, job.pages(), None, False
        self.fresh = True

    @precondition(lambda self: self.job is not None)
    @rule(steps=st.integers(1, 15))
    def run_steps(self, steps: int) -> None:
        assert self.job is not None
        for step in range(steps):
            try:
                page = self.pending or next(self.pages, None)
                if self.fresh and self.new_space is not None and self.new_space.takes_over:
                    self.new_space.embeddings = {
                        photo_id: kept for photo_id, kept in self.present.embeddings.items() if kept[1]
                    } | self.new_space.embeddings
                self.fresh = False  # photos added from now on are not taken over
                if self.pending is None and page is not None and step == steps - 1:
                    self.pending = page  # kept later, after other rules
                    return
                self.pending = None
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
                assert self.new_space is not None and self.new_space.embeddings.keys() == self.numbers.keys()
                self.present, self.new_space, self.job = (
                    Space(self.new_space.digest, self.new_space.embeddings),
                    None,
                    None,
                )
                return

    def keep(self, page) -> None:
        embedded_photos = {photo.id: self.embed(photo) for photo in page}
        self.job.keep([embedded_photos[photo.id] for photo in page])
        self.new_space.embeddings |= {
            photo_id: (each.embedding, each.fault is None)
            for photo_id, each in embedded_photos.items()
            if photo_id in self.numbers
        }

    def embed(self, photo) -> EmbeddedPhoto:
        number, digest = number_of(photo), self.new_space.digest
        if digest == "d2" and number % 5 == 0:
            return EmbeddedPhoto(
                photo_id=photo.id, sha256=photo.sha256, embedding=None, fault="nothing of it is left"
            )
        if digest == "d2" and number % 4 == 0:
            return EmbeddedPhoto(
                photo_id=photo.id,
                sha256=photo.sha256,
                embedding=vector(1_000 + number, digest),
                fault="its file is gone",
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
            found = last_progress(self.both[0].open("g"))
            assert found.state == "failed"
            assert (found.error == "no memory") == (how == "failed")
        self.job = None

    @rule(who=st.integers(0, 1))
    def cancel(self, who: int) -> None:
        gallery = self.both[who].open("g")
        if self.new_space is None:
            with pytest.raises(ReindexNotFound):
                cancel_reindex(gallery)
            return
        cancel_reindex(gallery)
        assert last_progress(gallery).state == "cancelled"
        self.new_space, self.cancelled = None, True

    @rule(seed=st.integers(1_000, 1_100), k=st.integers(1, 50), who=st.integers(0, 1))
    def search(self, seed: int, k: int, who: int) -> None:
        self.check_search(self.both[who].open("g"), seed, k)

    def check_search(self, gallery: Gallery, seed: int, k: int) -> None:
        query = vector(seed, self.present.digest)
        scores = {
            photo_id: score(query, kept[0], gallery.spec.distance)
            for photo_id, kept in self.present.embeddings.items()
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
    def use_a_gallery_opened_before(self) -> None:
        gallery, space = self.opened_before
        if space is self.present:
            self.check_search(gallery, 5, 7)
            return
        uses = (
            lambda: gallery.search(vector(5, space.digest), 7),
            lambda: gallery.search_expanded(vector(5, space.digest), 7),
            lambda: gallery.embedding(next(iter(self.numbers), 1)),
            lambda: gallery.add([new(3, space.digest)]),
            lambda: gallery.known([new(3, space.digest).sha256]),
            gallery.save_index,
        )
        for use in uses:
            with pytest.raises(GalleryReindexed):
                use()

    @rule()
    def open_again(self) -> None:
        self.opened_before = (Gallery(self.root / "g"), self.present)

    @rule(who=st.integers(0, 1))
    def save_and_restart(self, who: int) -> None:
        self.both[who].open("g").save_index()
        self.both[who].close()
        self.both[who] = Galleries(self.root)

    @invariant()
    def both_processes_see_all_photos(self) -> None:
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
                embedding = self.present.embeddings[photo.id][0]
                if embedding is None:
                    with pytest.raises(PhotoNotFound, match="could not be read"):
                        gallery.embedding(photo.id)
                else:
                    np.testing.assert_array_equal(gallery.embedding(photo.id), embedding)

    @invariant()
    def the_other_process_sees_the_progress(self) -> None:
        if self.job is None or self.cancelled:
            return
        found = last_progress(self.both[1].open("g"))
        assert (found.state, found.digest, found.total) == (
            "running",
            self.new_space.digest,
            len(self.numbers),
        )
        if not self.new_space.takes_over:
            assert found.done == len(self.new_space.embeddings)
            faulty = {
                photo_id: kept[0] is not None
                for photo_id, kept in self.new_space.embeddings.items()
                if not kept[1]
            }
            assert {fault.photo_id: fault.thumbnail for fault in found.faults} == faulty


TestReindex = ReindexMachine.TestCase
TestReindex.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
