"""Embedding a gallery anew by another checkpoint: beside the old embeddings, which answer until one transaction puts the new in their place.

    gallery.sqlite     the new embeddings grow in a space of their own; killed at any moment, it is resumed there (`service.galleries.reindex.rows`)
    reindex.lock       held by the process that does it, and by no other

Ids, labels, metadata and files stay. A photo is embedded by its picture; where that is gone, was changed or cannot be
read, by its thumbnail; without either it stays in the gallery, but is found by no search. Of both the reason is kept;
another reindex tries them again. What is added or removed meanwhile is caught up with before the switch.
"""

import fcntl
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import BinaryIO, Self

from torch import Tensor

from model.inference import Inference
from model.presets import Side
from service.embedding import Embedding
from service.errors import (
    GalleryNotFound,
    PhotoNotFound,
    ReindexCancelled,
    ReindexNotFound,
    ReindexRunning,
    ServiceError,
)
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.rows import EmbeddedPhoto, ReindexProgress, ReindexRows
from service.images.decode import THUMBNAIL
from service.inference.pixels import decode_pixels

PAGE = 32
"""Photos whose embeddings are kept in one transaction: what a kill costs at most."""
LOCK = "reindex.lock"
LOCK_SECONDS = 0.5
"""How long a lock is tried for: who only looks whether it is held holds it for a moment."""


class ReindexJob:
    """A reindex under way; it ends with its `with`, and is resumed by another one unless it came to the switch or was cancelled.

    Args:
        spec: what the gallery is to be of; its domain stays.
        anew: forget what an interrupted one has embedded, and take nothing over.

    Raises:
        ReindexRunning: another one is under way, in whatever process.
    """

    def __init__(self, gallery: Gallery, spec: GallerySpec, *, from_scratch: bool = False) -> None:
        self.gallery = gallery
        self._rows = ReindexRows(gallery.database)
        self._lock = _locked(gallery)
        try:
            self.switched = not self._rows.begin(spec, from_scratch=from_scratch)
            self._since, self._until, self._out = -1, self._rows.revision(), set[int]()
        except BaseException:
            self._lock.close()
            raise

    def pages(self) -> Iterator[list[Photo]]:
        """What the new embeddings lack, a page at a time; each photo is to be kept before the switch. Raises ReindexCancelled."""
        if self._since < 0:
            self._rows.sweep()
            taken: int | None = 0
            while taken is not None:
                taken = self._rows.take_over(taken)
        after = 0
        while page := self._rows.lacking(self._since, after, PAGE):
            after = page[-1].id
            self._out |= {photo.id for photo in page}
            yield page

    def keep(self, embedded: Sequence[EmbeddedPhoto]) -> None:
        """Keeps what came of photos of a page, durably; of those that were removed meanwhile, nothing. Raises ReindexCancelled."""
        self._rows.keep(embedded)
        self._out -= {each.photo_id for each in embedded}

    def switch(self) -> None:
        """Makes the new embeddings the gallery's, unless photos came meanwhile: then `pages` has those. Raises ReindexCancelled."""
        if self._out:
            raise RuntimeError(f"{len(self._out)} photos of a page were not kept")
        present = self._rows.revision()
        self.switched = self._rows.switch(self._until)
        self._since, self._until = self._until, present

    def progress(self) -> ReindexProgress:
        """How far it is."""
        progress = self._rows.progress()
        assert progress is not None
        return progress

    def end(self, error: BaseException | None = None) -> None:
        """Lets go of the gallery. An `error` is noted, and what was embedded kept; so it is where this process is interrupted."""
        try:
            with suppress(GalleryNotFound):
                if isinstance(error, Exception) and not isinstance(error, ReindexCancelled):
                    self._rows.fail(str(error) or type(error).__name__)
                self._rows.sweep()
        finally:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)


def last_progress(gallery: Gallery) -> ReindexProgress:
    """How far the last reindex of a gallery is, or came; one that was interrupted has failed. Raises ReindexNotFound."""
    rows = ReindexRows(gallery.database)
    found = rows.progress()
    if found is not None and found.state == "running" and not _is_locked(gallery):
        found = rows.progress()  # or it has ended since
        if found is not None and found.state == "running":
            return replace(
                found,
                state="failed",
                error="the process that did it was stopped: job again, it goes on where it was",
            )
    if found is None:
        raise ReindexNotFound(f"gallery {gallery.name!r} was never reindexed")
    return found


def cancel_reindex(gallery: Gallery) -> None:
    """Ends the reindex that is under way, in whatever process, or was interrupted; what it has embedded is dropped. Raises ReindexNotFound."""
    rows = ReindexRows(gallery.database)
    rows.cancel()
    with suppress(ReindexRunning):  # who does it drops it
        lock = _locked(gallery)
        try:
            rows.sweep()
        finally:
            lock.close()


@dataclass(frozen=True, kw_only=True)
class ReadPhoto:
    """A photo as pixels [3, s, s], with the fault of its picture where they are its thumbnail's, or None."""

    photo_id: int
    pixels: Tensor | None
    fault: str | None


def read_photo(gallery: Gallery, inference: Inference, side: Side, photo: Photo) -> ReadPhoto:
    """Reads a photo where it lies, and its thumbnail instead where that fails; for any thread."""
    try:
        with gallery.picture(photo) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() == photo.sha256:
            return ReadPhoto(
                photo_id=photo.id,
                pixels=decode_pixels(data, inference, side, max_pixels=photo.width * photo.height),
                fault=None,
            )
        fault = "its file is another one now"
    except PhotoNotFound:
        fault = "its file is gone"
    except OSError as error:
        fault = f"its file cannot be read: {error.strerror}"
    except ServiceError as error:
        fault = str(error)
    with suppress(OSError, ServiceError):
        small = gallery.thumbnail_path(photo).read_bytes()
        return ReadPhoto(
            photo_id=photo.id,
            pixels=decode_pixels(small, inference, side, max_pixels=THUMBNAIL**2),
            fault=fault,
        )
    return ReadPhoto(photo_id=photo.id, pixels=None, fault=fault)


def pair_with_embeddings(reads: Sequence[ReadPhoto], codes: Sequence[Embedding]) -> list[EmbeddedPhoto]:
    """What came of photos, given the codes of those that have pixels."""
    found = iter(codes)
    return [
        EmbeddedPhoto(
            photo_id=each.photo_id,
            embedding=None if each.pixels is None else next(found).ravel(),
            fault=each.fault,
        )
        for each in reads
    ]


def _locked(gallery: Gallery) -> BinaryIO:
    """A file that holds the gallery's lock until it is closed, or nobody has it any more. Raises ReindexRunning."""
    with gallery.database.guard_against_deletion():
        file = (gallery.folder / LOCK).open("ab")
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() >= until:
                file.close()
                raise ReindexRunning(
                    f"gallery {gallery.name!r} is being reindexed already; wait for that, or cancel it"
                ) from None
            time.sleep(0.02)


def _is_locked(gallery: Gallery) -> bool:
    try:
        with (gallery.folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
