"""A gallery: photos of one domain, embedded by one checkpoint. The truth is a SQLite file; the index derives from it.

    <name>/gallery.sqlite                 rows: what is acknowledged is committed with synchronous=FULL (`service.galleries.database`)
    <name>/photos/, <name>/thumbnails/    pictures (`service.galleries.files`)
    <name>/index/                         FAISS, derived (`service.galleries.index`)

Several processes may write one gallery: each change raises `revision`, by which the others' indexes catch up. Where one of
them has embedded it anew (`service.galleries.reindex.job`), the others open it again.
"""

import weakref
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np

from model.sketch.expansion import FIRST, expanded
from service.embedding import Embedding
from service.errors import GalleryOutdated, PhotoNotFound
from service.galleries.database import GalleryDatabase
from service.galleries.files import PhotoFiles
from service.galleries.index import Index
from service.galleries.records import GallerySpec, Hit, NewPhoto, Photo
from service.galleries.rows import PhotoRows
from service.registry.model import Model


class Gallery:
    """One gallery, opened. All methods are synchronous and thread-safe, and raise GalleryNotFound once it was deleted; those
    that are about embeddings, GalleryReindexed once it has others than when it was opened.

    Whoever opens and drops galleries need not know who uses them: the files are closed with the last use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.database = GalleryDatabase(folder)
        self.spec = self.database.spec
        self._rows, self._files = PhotoRows(self.database), PhotoFiles(folder)
        self.index = Index(folder / "index", self.spec.dim, self.spec.distance, self.spec.identity)
        weakref.finalize(self, self.index.close)

    # reading

    @property
    def count(self) -> int:
        """Number of photos."""
        return self._rows.count()

    def photo(self, photo_id: int) -> Photo:
        """A photo by its id. Raises PhotoNotFound."""
        return self._rows.photo(photo_id)

    def page(self, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after`, by id."""
        return self._rows.page(after, limit)

    def known(self, digests: Sequence[str]) -> dict[str, Photo]:
        """The photos that are here already and embedded, by the SHA-256 of their bytes."""
        return {photo.sha256: photo for photo in self._rows.embedded(digests)}

    def vector(self, photo_id: int) -> Embedding:
        """A photo's embedding [dim]. Raises PhotoNotFound."""
        return self._rows.vector(photo_id)

    def search(self, vector: Embedding, k: int) -> list[Hit]:
        """The k nearest photos, best first."""
        return self._hits(
            [(neighbour.id, neighbour.score) for neighbour in self.index.search(vector, k, self._changes)]
        )

    def search_expanded(self, vector: Embedding, k: int) -> list[Hit]:
        """The k nearest photos to a query that its first hits have expanded (`model.sketch.expansion`), where the distance is the cosine."""
        first = self._rows.vectors(
            [neighbour.id for neighbour in self.index.search(vector, FIRST, self._changes)]
        )
        if not first:
            return []
        wider, own = expanded(vector, np.stack(list(first.values())))
        scores = {
            neighbour.id: neighbour.score
            for neighbour in self.index.search(wider, k + len(first), self._changes)
        }
        scores |= dict(zip(first, own.tolist(), strict=True))
        return self._hits(sorted(scores.items(), key=itemgetter(1), reverse=True)[:k])

    def _hits(self, scores: Sequence[tuple[int, float]]) -> list[Hit]:
        photos = {photo.id: photo for photo in self._rows.having("id", [identity for identity, _ in scores])}
        return [Hit(photos[identity], score) for identity, score in scores if identity in photos]

    def picture_path(self, photo: Photo) -> Path:
        """Where a photo's full picture lies. Raises PhotoNotFound when a file that it refers to is gone."""
        path = self._files.picture(photo.sha256) if photo.source is None else Path(photo.source)
        if not path.is_file():
            raise _gone(photo)
        return path

    def picture(self, photo: Photo) -> BinaryIO:
        """A photo's full picture, opened: it can be read though it is removed meanwhile. Raises PhotoNotFound as `picture_path` does."""
        try:
            return self.picture_path(photo).open("rb")
        except FileNotFoundError:
            raise _gone(photo) from None

    def thumbnail_path(self, photo: Photo) -> Path:
        """Where a photo's thumbnail lies, or would."""
        return self._files.thumbnail(photo.sha256)

    # writing

    def add(self, photos: Sequence[NewPhoto]) -> list[Photo]:
        """Adds photos, all or none, durably: when this returns they are on disk. The same bytes are one photo, and
        the photo that was here first keeps its label and metadata."""
        with self.database.guard_against_deletion():
            self._write_files(photos)
        with self._rows.transaction() as changing:
            self._write_files(photos)  # again, those that a removal has taken since
            kept = changing.insert(photos)
        return [kept[photo.sha256] for photo in photos]

    def remove(self, photo_id: int) -> None:
        """Removes a photo. Raises PhotoNotFound."""
        with self._rows.transaction() as changing:
            sha256 = changing.delete(photo_id)
            if sha256 is None:
                raise self._rows.no_photo(photo_id)
        with (
            self._rows.transaction() as changing
        ):  # its files only now: were it killed before the commit, the photo would have none
            if not changing.has(sha256):
                self._files.remove(sha256)

    # housekeeping

    def check_checkpoint(self, model: Model) -> None:
        """Raise GalleryOutdated unless this model's checkpoint embedded the gallery."""
        if self.spec.digest != model.digest:
            raise GalleryOutdated(
                f"gallery {self.name!r} was embedded by another checkpoint of {self.spec.model!r}"
                f" (digest {self.spec.digest[:12]}, now {model.digest[:12]}); run `iiae reindex {self.name}`"
                f" or POST /galleries/{self.name}/reindex to re-embed its photos"
            )

    def exists(self) -> bool:
        """Whether this is still the gallery of its name: not deleted, nor deleted and made anew."""
        return self.database.exists()

    def reindexed(self) -> bool:
        """Whether it has other embeddings now than when it was opened."""
        return self.database.reindexed()

    def prepare(self) -> None:
        """Has the index catch up with the rows, so that the next search need not wait for that."""
        self.index.catch_up(self._changes)

    def save_index(self) -> None:
        """Writes the index as it is now, so that the next start need not rebuild it."""
        with self.database.guard_against_deletion():
            self.index.save(self._changes)

    def move(self, to: Path) -> None:
        """Moves the folder away, while nobody writes; for all who have it open, here and elsewhere, it is deleted then."""
        self.database.move(to)
        self.close()

    def close(self) -> None:
        """Closes what nobody uses and ends what the index is spec. A use that is under way is not disturbed."""
        self.index.close()
        self.database.close()

    def _changes(self, since: int) -> tuple[int, list[tuple[int, Embedding]], list[int]]:
        """As the rows tell them; through the gallery, which a build thereby keeps open."""
        return self._rows.changes(since)

    def _write_files(self, photos: Sequence[NewPhoto]) -> None:
        for photo in photos:
            self._files.write(photo.sha256, photo.thumbnail, photo.data)


def _gone(photo: Photo) -> PhotoNotFound:
    return PhotoNotFound(
        f"the file of photo {photo.id} is no longer where it was indexed; its thumbnail remains"
    )


__all__ = ["Gallery", "GallerySpec", "Hit", "NewPhoto", "Photo"]
