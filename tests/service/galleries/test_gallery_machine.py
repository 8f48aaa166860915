"""A gallery against a dictionary: any order of adding, removing, searching and losing the index."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from gallery_photos import embedding, new_photo, run_concurrently, spec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.errors import GalleryNotFound, PhotoNotFound
from service.galleries import faiss_index, index
from service.galleries.collection import Galleries
from service.galleries.fsck.check import check_gallery
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.records import Photo


class GalleryMachine(RuleBasedStateMachine):
    """A gallery that two `Galleries` have open, as two processes would, and its expected embeddings."""

    distance = "cosine"

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.galleries = [Galleries(self.root), Galleries(self.root)]
        self.galleries[0].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
        self.expected: dict[int, np.ndarray] = {}

    def teardown(self) -> None:
        findings = check_gallery(self.both[0], Options(quick=True))
        assert {finding.kind for finding in findings} <= {"index_damaged"}  # `lose_the_index` damages it
        for gallery in self.both:
            gallery.close()
        shutil.rmtree(self.root)

    @rule(numbers=st.lists(st.integers(0, 60), min_size=1, max_size=20), who=st.integers(0, 1))
    def add(self, numbers: list[int], who: int) -> None:
        photos = self.both[who].add([new_photo(number) for number in numbers])
        assert len(photos) == len(numbers)
        for number, photo in zip(numbers, photos, strict=True):
            self.expected[photo.id] = embedding(number)

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), who=st.integers(0, 1))
    def remove(self, data: st.DataObject, who: int) -> None:
        photo_id = data.draw(st.sampled_from(sorted(self.expected)))
        self.both[who].remove(photo_id)
        del self.expected[photo_id]
        with pytest.raises(PhotoNotFound):
            self.both[who].photo(photo_id)

    @rule(seed=st.integers(1000, 1100), k=st.integers(1, 80), who=st.integers(0, 1))
    def search(self, seed: int, k: int, who: int) -> None:
        query = embedding(seed)
        hits = self.both[who].search(query, k)
        scores = {photo_id: self.score(query, vector) for photo_id, vector in self.expected.items()}
        best = sorted(scores.values(), reverse=True)[:k]
        np.testing.assert_allclose([hit.score for hit in hits], best, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([scores[hit.photo.id] for hit in hits], best, rtol=1e-4, atol=1e-5)

    def score(self, query: np.ndarray, vector: np.ndarray) -> float:
        if self.distance == "cosine":
            return float(query @ vector / np.linalg.norm(query) / np.linalg.norm(vector))
        return float(1 / (1 + np.linalg.norm(query - vector)))

    @rule(who=st.integers(0, 1))
    def save_and_reopen(self, who: int) -> None:
        self.both[who].save_index()
        self.both[who].close()
        self.both[who] = Gallery(self.root / "g")

    @rule(who=st.integers(0, 1), damage=st.booleans())
    def lose_the_index(self, who: int, damage: bool) -> None:
        for path in (self.root / "g" / "index").glob("*.faiss"):
            path.write_bytes(b"damaged") if damage else path.unlink()
        self.both[who].close()
        self.both[who] = Gallery(self.root / "g")

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), first=st.integers(0, 1))
    def remove_and_add_concurrently(self, data: st.DataObject, first: int) -> None:
        photo_id = data.draw(st.sampled_from(sorted(self.expected)))
        number = int(self.both[0].photo(photo_id).sha256, 16)
        added: list[Photo] = []
        calls = [
            lambda: self.both[0].remove(photo_id),
            lambda: added.extend(self.both[1].add([new_photo(number)])),
        ]
        run_concurrently(calls if first == 0 else calls[::-1])
        again = self.both[0].add([new_photo(number)])[0]
        # The old id, if the photo was added before it was removed.
        assert added[0].id in {photo_id, again.id}
        del self.expected[photo_id]
        self.expected[again.id] = embedding(number)

    @rule(who=st.integers(0, 1))
    def delete_and_create_again(self, who: int) -> None:
        self.galleries[who].delete("g")
        for use in (
            lambda: self.both[1 - who].add([new_photo(1)]),
            lambda: self.both[who].count,
            self.both[1 - who].save_index,
        ):
            with pytest.raises(GalleryNotFound):
                use()
        assert not (self.root / "g").exists()
        self.galleries[1 - who].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
        self.expected = {}

    @invariant()
    def both_processes_see_all_photos(self) -> None:
        pages = [gallery.page(0, 100) for gallery in self.both]
        assert pages[0] == pages[1]
        assert {photo.id for photo in pages[0]} == self.expected.keys()
        for photo in pages[0]:
            assert self.both[0].picture_path(photo).read_bytes() == new_photo(int(photo.sha256, 16)).data
            assert self.both[0].thumbnail_path(photo).read_bytes() == b"small"


class L2Machine(GalleryMachine):
    distance = "l2"


class RebuildMachine(GalleryMachine):
    """The index is rebuilt as soon as it has a few tombstones, while searches continue."""

    def __init__(self) -> None:
        self.constants = pytest.MonkeyPatch()
        self.constants.setattr(faiss_index, "REBUILD_FROM", 2)
        self.constants.setattr(index, "BUILD_STEP", 7)
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.constants.undo()


TestCosine = GalleryMachine.TestCase
TestL2 = L2Machine.TestCase
TestRebuild = RebuildMachine.TestCase
TestCosine.settings = TestL2.settings = TestRebuild.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None
)
