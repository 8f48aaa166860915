"""Re-embed a gallery with another checkpoint. Searches use the old embeddings until the gallery switches.

    gallery.sqlite     the new embeddings, in a space of their own (`service.galleries.reindex.rows`)
    reindex.lock       locked by the process that runs the reindex (`service.galleries.reindex.lock`)

A reindex can be killed at any moment and resumed where it stopped. Ids, labels, metadata and files do not
change.

Each photo is embedded from its picture. If the picture is gone, changed or unreadable, the thumbnail is
embedded instead. If that is lost, too, the photo stays in the gallery, but no search finds it. The reason
is stored as a fault, and the next reindex tries the picture again. Photos that are added or removed during
a reindex are applied before the switch.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from model.inference import Inference
from model.presets import Side
from model.regular_file import read_regular
from service.embedding import Embedding
from service.errors import (
    GalleryBusy,
    GalleryNotFound,
    PhotoNotFound,
    ReindexCancelled,
    ReindexNotFound,
    ReindexRunning,
    ServiceError,
    StorageFull,
    StorageUnavailable,
)
from service.galleries.files import MAX_THUMBNAIL
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.lock import is_locked, lock
from service.galleries.reindex.records import EmbeddedPhoto, ReadPhoto, ReindexProgress
from service.galleries.reindex.rows import ReindexRows
from service.images.decode import AGAIN, Reserve, unlimited
from service.images.encode import THUMBNAIL
from service.inference.pixels import decode_pixels

PAGE = 32
"""Photos whose embeddings are stored in one transaction. A kill loses at most these."""


class ReindexJob:
    """A running reindex. Use it in a `with` block, which releases the gallery.

    If the block ends before `switched` is true, another job can resume the reindex, unless it was cancelled.

    Args:
        spec: the model, digest, distance and dimension of the new embeddings.
        drawn: whether the gallery then has drawn pictures. With None, that stays as it is.
        from_scratch: embed all photos, also those that this checkpoint or an interrupted reindex has
            embedded.

    Raises:
        ReindexRunning: this or another process is re-embedding the gallery.
    """

    def __init__(
        self,
        gallery: Gallery,
        spec: GallerySpec,
        *,
        drawn: bool | None = None,
        from_scratch: bool = False,
    ) -> None:
        self.gallery = gallery
        self._rows = ReindexRows(gallery.database)
        self._lock = lock(gallery)
        try:
            self.switched = not self._rows.begin(spec, drawn=drawn, from_scratch=from_scratch)
            self.drawn = self._rows.drawn()  # how to embed the photos
            self._since, self._until = -1, self._rows.revision()  # `pages` yields photos of these revisions
            self._pending = set[int]()  # photos that were yielded, but not kept yet
        except BaseException:
            self._lock.close()
            raise

    def pages(self) -> Iterator[list[Photo]]:
        """Yield the photos to embed, in pages. Pass all of them to `keep` before `switch`.

        Raises:
            ReindexCancelled.
        """
        if self._since < 0:
            self._rows.sweep()
            last: int | None = 0
            while last is not None:
                last = self._rows.take_over(last)
        after = 0
        while page := self._rows.missing(self._since, after, PAGE):
            after = page[-1].id
            self._pending |= {photo.id for photo in page}
            yield page

    def keep(self, photos: Sequence[EmbeddedPhoto]) -> None:
        """Store the new embeddings of a page's photos durably. Photos removed since are skipped.

        Raises:
            ReindexCancelled.
        """
        self._rows.keep(photos)
        self._pending -= {photo.photo_id for photo in photos}

    def switch(self) -> None:
        """Switch the gallery to the new embeddings, and set `switched`.

        If photos were added since the last page, the gallery does not switch, and `pages` yields those
        photos.

        Raises:
            ReindexCancelled.
            RuntimeError: a photo of a page was not kept.
        """
        if self._pending:
            raise RuntimeError(f"{len(self._pending)} photos of a page were not kept")
        present = self._rows.revision()
        self.switched = self._rows.switch(self._until)
        self._since, self._until = self._until, present

    def progress(self) -> ReindexProgress:
        """Return the progress of this reindex."""
        progress = self._rows.progress()
        assert progress is not None
        return progress

    def end(self, error: BaseException | None = None) -> None:
        """Release the gallery. The embeddings so far are kept.

        Args:
            error: why the reindex stops early. An exception marks it as failed; an interruption does not.
        """
        try:
            # If the disk is full, the row still says `running`; without the lock, that means interrupted.
            with suppress(GalleryNotFound, GalleryBusy, StorageFull, StorageUnavailable):
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
    """Return the progress of a gallery's last reindex. An interrupted reindex is reported as failed.

    Raises:
        ReindexNotFound: the gallery was never reindexed.
    """
    rows = ReindexRows(gallery.database)
    progress = rows.progress()
    if progress is not None and progress.state == "running" and not is_locked(gallery):
        progress = rows.progress()  # it may have ended between the two reads
        if progress is not None and progress.state == "running":
            return replace(
                progress,
                state="failed",
                error="the process that ran the reindex stopped; start the reindex again to resume it",
            )
    if progress is None:
        raise ReindexNotFound(
            f"gallery {gallery.name!r} was never reindexed; start with POST /galleries/{gallery.name}/reindex"
        )
    return progress


def cancel_reindex(gallery: Gallery) -> None:
    """Cancel a running or interrupted reindex of any process, and delete its embeddings.

    Raises:
        ReindexNotFound: no reindex is running or interrupted.
    """
    rows = ReindexRows(gallery.database)
    rows.cancel()
    with suppress(ReindexRunning):  # the process that runs it deletes its embeddings
        held = lock(gallery)
        try:
            rows.sweep()
        finally:
            held.close()


def read_photo(
    gallery: Gallery, inference: Inference, side: Side, photo: Photo, *, reserve: Reserve = unlimited
) -> ReadPhoto:
    """Read and decode a photo's picture, or its thumbnail if that fails. Blocks: call it in a thread.

    Args:
        reserve: reserves the bytes that decoding takes, see `decoded`.
    """
    try:
        with gallery.picture(photo) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() == photo.sha256:
            pixels = decode_pixels(
                data, inference, side, max_pixels=AGAIN * photo.width * photo.height, reserve=reserve
            )
            return ReadPhoto(photo_id=photo.id, sha256=photo.sha256, pixels=pixels, fault=None)
        fault = "its file has changed"
    except PhotoNotFound:
        fault = "its file is gone"
    except OSError as error:
        fault = f"its file cannot be read: {error.strerror}"
    except ServiceError as error:
        fault = str(error)
    with suppress(OSError, ServiceError):
        small = read_regular(gallery.thumbnail_path(photo), limit=MAX_THUMBNAIL)
        pixels = decode_pixels(small, inference, side, max_pixels=THUMBNAIL**2, reserve=reserve)
        return ReadPhoto(photo_id=photo.id, sha256=photo.sha256, pixels=pixels, fault=fault)
    return ReadPhoto(photo_id=photo.id, sha256=photo.sha256, pixels=None, fault=fault)


def pair_with_embeddings(photos: Sequence[ReadPhoto], embeddings: Sequence[Embedding]) -> list[EmbeddedPhoto]:
    """Pair photos with their embeddings.

    Args:
        embeddings: one for each photo that has pixels, in the same order.
    """
    remaining = iter(embeddings)
    return [
        EmbeddedPhoto(
            photo_id=photo.photo_id,
            sha256=photo.sha256,
            embedding=None if photo.pixels is None else next(remaining).ravel(),
            fault=photo.fault,
        )
        for photo in photos
    ]
