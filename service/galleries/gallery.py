"""A gallery: photos of one domain, embedded by one checkpoint.

    <name>/gallery.sqlite                 photos and embeddings (`service.galleries.database`)
    <name>/photos/, <name>/thumbnails/    picture files (`service.galleries.files`)
    <name>/index/                         the saved FAISS index (`service.galleries.index_file`)

The SQLite file is the source of truth. The index is derived from it, and rebuilt if it is lost.

Several processes may write to one gallery. Each change increases `revision`, and the indexes of the other
processes catch up. When one process re-embeds the gallery (`service.galleries.reindex.job`), the others
open it again.
"""

import logging
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from model.regular_file import NotRegularFile, open_regular, read_regular
from model.sketch.expansion import MAX_HITS, expanded
from service.embedding import Embedding
from service.errors import GalleryOutdated, PhotoNotFound, ServiceError, StorageFull
from service.galleries.checksums import checksum
from service.galleries.database import GalleryDatabase
from service.galleries.faiss_index import index_rows
from service.galleries.files import MAX_THUMBNAIL, PhotoFiles, has_digest
from service.galleries.filtered_ids import FilteredIds, Ids
from service.galleries.index import Index
from service.galleries.photo_filter import EVERY_PHOTO, PhotoFilter
from service.galleries.photo_transaction import PhotoTransaction
from service.galleries.records import Changes, GalleryState, Hit, NewPhoto, Photo, PhotoChanges
from service.galleries.reserve import Reserve
from service.galleries.rows import PhotoRows
from service.galleries.sealer import Sealer
from service.registry.model import Model

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 5
"""Attempts to remove a photo from a full disk before the last one."""
REMOVED_TOGETHER = 500
"""Photos that one transaction removes. Others can write between two transactions."""
INDEX = "index"
"""Folder of the saved index in the gallery's folder."""


class Gallery:
    """An open gallery. All methods block and are thread-safe.

    All methods raise GalleryNotFound once the gallery is deleted. Methods that use embeddings raise
    GalleryReindexed once the gallery was re-embedded. The files are closed when this object is no longer
    used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.database = GalleryDatabase(folder)
        self.spec = self.database.spec
        self._rows, self._files = PhotoRows(self.database), PhotoFiles(folder)
        self._filtered_ids = FilteredIds(self.database)
        self._reserve = Reserve(folder.parent)
        self.index = Index(folder / INDEX, self.spec.dim, self.spec.distance, self.spec.identity)
        weakref.finalize(self, self.index.close)
        self.sealer = Sealer(self.database)
        weakref.finalize(self, self.sealer.stop)

    # reading

    @property
    def count(self) -> int:
        """Number of photos."""
        return self._rows.count()

    def photo(self, photo_id: int) -> Photo:
        """Return a photo by its id. Raises PhotoNotFound."""
        return self._rows.photo(photo_id)

    def page(self, after: int, limit: int, wanted: PhotoFilter = EVERY_PHOTO) -> list[Photo]:
        """Return up to `limit` of the wanted photos with ids above `after`, by id."""
        return self._rows.page(after, limit, wanted)

    def state(self) -> GalleryState:
        """Return the present number of photos, their largest ids and the revision."""
        return self._rows.state()

    def labels(self, limit: int) -> list[tuple[str | None, int]]:
        """Return the labels and how many photos have each of them, most photos first."""
        return self._rows.labels(limit)

    def known(self, digests: Sequence[str]) -> dict[str, Photo]:
        """Return the embedded photos whose files have these SHA-256 digests, by digest."""
        return {photo.sha256: photo for photo in self._rows.embedded(digests)}

    def whole(self, known: Mapping[str, Photo]) -> dict[str, Photo]:
        """Return those of the photos whose picture and thumbnail are not damaged. Blocks: it reads them.

        Args:
            known: photos by digest, as `known` returns them.
        """
        return {sha256: photo for sha256, photo in known.items() if self._is_whole(photo)}

    def embedding(self, photo_id: int) -> Embedding:
        """Return a photo's embedding [dim]. Raises PhotoNotFound."""
        return self._rows.embedding(photo_id)

    def search(self, vector: Embedding, k: int, wanted: PhotoFilter = EVERY_PHOTO) -> list[Hit]:
        """Return the k nearest of the wanted photos, best first."""
        return self._hits(self.index.search(vector, k, self._changes, self._among(wanted)))

    def search_expanded(self, vector: Embedding, k: int, wanted: PhotoFilter = EVERY_PHOTO) -> list[Hit]:
        """Return the k nearest photos to a query expanded by its first hits (`model.sketch.expansion`).

        Only the wanted photos are hits, also the first ones. Only for galleries whose distance is the cosine
        or the inner product.
        """
        among = self._among(wanted)
        first_hits = self.index.search(vector, MAX_HITS, self._changes, among)
        first = self._rows.embeddings([hit.id for hit in first_hits])
        if not first:
            return []
        distance = self.spec.distance
        hits = index_rows(list(first.values()), distance)
        query, first_scores = expanded(index_rows([vector], distance)[0], hits)
        # The first hits have their own scores. They may take len(first) places of this search.
        scores = dict(self.index.search(query, k + len(first), self._changes, among))
        scores |= dict(zip(first, first_scores.tolist(), strict=True))
        return self._hits(sorted(scores.items(), key=itemgetter(1), reverse=True)[:k])

    def _among(self, wanted: PhotoFilter) -> Ids | None:
        """Return the ids of the wanted photos. None if all are wanted."""
        return self._filtered_ids.get(wanted) if wanted else None

    def _hits(self, scores: Sequence[tuple[int, float]]) -> list[Hit]:
        """Return photos with their scores. Photos removed since the search are left out."""
        photos = {photo.id: photo for photo in self._rows.by_ids([photo_id for photo_id, _ in scores])}
        return [Hit(photos[photo_id], score) for photo_id, score in scores if photo_id in photos]

    def picture_path(self, photo: Photo) -> Path:
        """Return the path of a photo's full picture. Raises PhotoNotFound if the file is gone."""
        if photo.is_elsewhere:
            raise PhotoNotFound(
                f"the original of photo {photo.id} is not here, because gallery {self.name!r} was imported"
                " without it; its thumbnail is (size=thumbnail). To bring it back, add its file to the"
                f" gallery, or run `iiae index FOLDER --gallery {self.name}` with the folder of the photos"
            )
        path = photo.file or self._files.picture(photo.sha256)
        if not path.is_file():
            raise _file_gone(photo)
        return path

    def picture(self, photo: Photo) -> BufferedReader:
        """Open a photo's full picture. The file can be read even if the photo is removed later.

        Raises:
            PhotoNotFound: the file is gone.
        """
        try:
            return open_regular(self.picture_path(photo))
        except (FileNotFoundError, NotRegularFile):
            raise _file_gone(photo) from None

    def thumbnail_path(self, photo: Photo) -> Path:
        """Return the path of a photo's thumbnail. The file may be lost."""
        return self._files.thumbnail(photo.sha256)

    def thumbnail(self, photo: Photo) -> bytes | None:
        """Return a photo's thumbnail, a WebP. None if it is lost or damaged. Blocks: it reads the file."""
        with suppress(OSError):
            data = read_regular(self.thumbnail_path(photo), limit=MAX_THUMBNAIL)
            if data and photo.thumbnail in (None, checksum(data)):
                return data
        return None

    # writing

    def add(self, photos: Sequence[NewPhoto]) -> list[Photo]:
        """Add photos, all or none. When this returns, they are on disk.

        A photo that the gallery has already, by SHA-256, keeps its label and metadata. Its files are written
        again if they are damaged.

        Raises:
            StorageFull, StorageUnavailable: the files or the rows cannot be written. No file is left.
        """
        with self.storing(photos) as transaction:
            stored = transaction.insert(photos)
        return [stored[photo.sha256] for photo in photos]

    @contextmanager
    def storing(self, photos: Sequence[NewPhoto]) -> Iterator[PhotoTransaction]:
        """Open a write transaction that adds these photos. Their files are written before it begins.

        Raises:
            StorageFull, StorageUnavailable: the files or the rows cannot be written. No file is left.
        """
        try:
            with self.database.translated_errors():
                self._write_files(photos)
            with self._rows.transaction() as transaction:
                self._write_files(photos)  # a removal may have deleted some of them since
                yield transaction
        except ServiceError:
            with suppress(ServiceError, OSError):
                self.remove_unused_files([photo.sha256 for photo in photos])
            raise
        self._reserve.keep()

    def change(self, photo_id: int, changes: PhotoChanges) -> Photo:
        """Change a photo's label or metadata, and return it as stored. Raises PhotoNotFound, PhotoDamaged."""
        with self._rows.transaction() as transaction:
            photo = transaction.change(photo_id, changes)
        if photo is None:
            self.photo(photo_id)  # raises what is wrong with it
            raise self._rows.not_found(photo_id)  # it was added since
        return photo

    def remove(self, photo_id: int) -> None:
        """Remove a photo and its files, also on a full disk. Raises PhotoNotFound.

        If the photo is removed but its files cannot be, the log says so, and `iiae fsck` removes them.
        """
        sha256 = self._with_reserve(lambda: self._remove_row(photo_id))
        self._remove_files([sha256])
        self._reserve.keep()

    def remove_all(self, wanted: PhotoFilter) -> int:
        """Remove the wanted photos and their files, also on a full disk. Return their number.

        It removes some photos at a time. If it is interrupted, the others stay; call it again.
        """
        removed, after, until = 0, 0, self._rows.last_id()
        while after < until:
            digests, after = self._with_reserve(partial(self._remove_rows, wanted, after, until))
            self._remove_files(digests)
            removed += len(digests)
        self._reserve.keep()
        return removed

    # housekeeping

    def check_checkpoint(self, model: Model) -> None:
        """Raise GalleryOutdated unless this model's checkpoint embedded the gallery."""
        if self.spec.digest != model.digest:
            raise GalleryOutdated(
                f"gallery {self.name!r} was embedded by another checkpoint of {self.spec.model!r}"
                f" (digest {self.spec.digest[:12]}, now {model.digest[:12]}); run `iiae reindex {self.name}`"
                f" or POST /galleries/{self.name}/reindex to re-embed its photos"
            )

    def check_digest(self, digest: str) -> None:
        """Raise GalleryOutdated unless the checkpoint whose digest begins so embedded the gallery."""
        if not self.spec.digest.startswith(digest):
            raise GalleryOutdated(
                f"gallery {self.name!r} was embedded by the checkpoint {self.spec.digest[:12]}, and the"
                f" vector is of {digest[:12]}; embed the picture again with POST /embed and"
                f" model={self.spec.model}"
            )

    def exists(self) -> bool:
        """Return whether the gallery still exists. False if another gallery has its name now."""
        return self.database.exists()

    def reindexed(self) -> bool:
        """Return whether the gallery was re-embedded since it was opened."""
        return self.database.reindexed()

    def prepare(self) -> None:
        """Bring the index up to date before the next search."""
        self.index.catch_up(self._changes)

    def save_index(self) -> None:
        """Save the index. The next start loads it instead of rebuilding it."""
        with self.database.translated_errors():
            self.index.save(self._changes)

    def move(self, to: Path) -> None:
        """Move the folder while no process writes to it. For all users, the gallery is then deleted."""
        self.database.move(to)
        self.close()

    def close(self) -> None:
        """Close the files that are not in use, and stop a rebuild of the index."""
        self.sealer.close()
        self.index.close()
        self.database.close()

    def _changes(self, since: int) -> Changes:
        """Return what has changed since a revision. A running rebuild keeps a reference to this gallery."""
        return self._rows.changes(since)

    def _with_reserve(self, change: Callable[[], T]) -> T:
        """Make a change that frees space. If the disk is full, make room for it and try again.

        More than once: others may take the space before this change does.
        """
        for _ in range(ATTEMPTS):
            with suppress(StorageFull):
                return change()
            self._reserve.release()
        return change()

    def _remove_row(self, photo_id: int) -> str:
        """Remove a photo's row and return its SHA-256."""
        with self._rows.transaction() as transaction:
            sha256 = transaction.delete(photo_id)
            if sha256 is None:
                raise self._rows.not_found(photo_id)
        return sha256

    def _remove_rows(self, wanted: PhotoFilter, after: int, until: int) -> tuple[list[str], int]:
        """Remove the next rows of wanted photos. Return their SHA-256, and the id after which the rest is."""
        with self._rows.transaction() as transaction:
            photos = transaction.select(wanted, after, until, REMOVED_TOGETHER)
            for photo in photos:
                transaction.delete(photo.id)
        digests = [photo.sha256 for photo in photos]
        return digests, photos[-1].id if len(photos) == REMOVED_TOGETHER else until

    def _remove_files(self, digests: Sequence[str]) -> None:
        """Remove the files of removed photos. If that fails, the log says so.

        In a second transaction: after a crash before the commit, a photo must still have its files.
        """
        try:
            self._with_reserve(lambda: self.remove_unused_files(digests))
        except (ServiceError, OSError) as error:
            logger.warning(
                "gallery %s: the files of removed photos stay (%s); run `iiae fsck %s --repair`",
                self.name,
                error,
                self.name,
            )

    def remove_unused_files(self, digests: Sequence[str]) -> None:
        """Remove the files with these SHA-256 digests that no photo has."""
        with self._rows.transaction(ends_change=True) as transaction:
            for sha256 in digests:
                if not transaction.has(sha256):
                    self._files.remove(sha256)

    def _is_whole(self, photo: Photo) -> bool:
        """Return whether the picture and the thumbnail of a photo have their checksums."""
        if photo.is_elsewhere:
            return False
        path = photo.file or self._files.picture(photo.sha256)
        return self.thumbnail(photo) is not None and has_digest(path, photo.sha256)

    def _write_files(self, photos: Sequence[NewPhoto]) -> None:
        for photo in photos:
            self._files.write(photo.sha256, photo.thumbnail, photo.data)


def _file_gone(photo: Photo) -> PhotoNotFound:
    return PhotoNotFound(
        f"the file of photo {photo.id} is no longer at its path; restore the file, or run `iiae sync`"
    )
