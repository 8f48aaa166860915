"""Read the photos of a gallery with everything that the file has of them."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from model.regular_file import read_regular
from service.embedding import Embedding
from service.errors import PhotoDamaged, PhotoNotFound
from service.galleries.gallery import Gallery
from service.galleries.photo_filter import EVERY_PHOTO
from service.galleries.records import Photo
from service.galleries.schema import Connection, fetch_one
from service.galleries.stored_rows import StoredRows, embedding_columns

PAGE = 500
"""Photos that are read in one transaction."""
MAX_ORIGINAL = 512_000_000
"""Bytes of the largest original that is put into a file."""
EMBEDDING_DAMAGED = "its embedding was damaged"


@dataclass(frozen=True, kw_only=True)
class StoredPhoto:
    """A photo with what the file has of it.

    Attributes:
        embedding: [dim]. None if its picture could not be read when the gallery was embedded.
        fault: why it has no embedding, or that of its thumbnail. None if it has its picture's.
        thumbnail: a WebP. None if it is lost.
        original: the bytes of its file. None if they are not wanted, or cannot be read.
    """

    photo: Photo
    embedding: Embedding | None
    fault: str | None
    thumbnail: bytes | None
    original: bytes | None


@dataclass
class Skipped:
    """Photos that were left out because their rows are damaged."""

    damaged: int = 0


def stored_photos(
    gallery: Gallery, until: int, skipped: Skipped, *, originals: bool
) -> Iterator[StoredPhoto]:
    """Yield the photos of a gallery with ids up to `until`, by id. Each is as it is at that moment.

    Args:
        skipped: counts what is left out.
        originals: whether to read the files of the photos.

    Raises:
        GalleryReindexed: the gallery was re-embedded meanwhile.
    """
    after = 0
    while after < until:
        page, after = _page(gallery, after, until, skipped)
        for photo, embedding, fault in page:
            thumbnail = gallery.thumbnail(photo)
            if thumbnail is None and _is_removed(gallery, photo):
                continue
            yield StoredPhoto(
                photo=photo,
                embedding=embedding,
                fault=fault,
                thumbnail=thumbnail,
                original=_original(gallery, photo) if originals else None,
            )


_Embedded = tuple[Photo, Embedding | None, str | None]


def _page(gallery: Gallery, after: int, until: int, skipped: Skipped) -> tuple[list[_Embedded], int]:
    """Return the next photos with embeddings and faults, and the id after which the next page starts."""
    database = gallery.database
    stored = StoredRows(database)
    with database.reading(embeddings=True) as connection:
        photos = stored.page(connection, EVERY_PHOTO, after, PAGE, until=until)
        last = photos[-1].id if len(photos) == PAGE else until
        query = "SELECT count(*) FROM photos WHERE id > ? AND id <= ?"
        skipped.damaged += int(fetch_one(connection, query, after, last)) - len(photos)
        ids = [photo.id for photo in photos]
        embeddings = _embeddings(connection, stored, database.embeddings, ids, database.spec.dim)
    missing = (None, EMBEDDING_DAMAGED)
    return [(photo, *embeddings.get(photo.id, missing)) for photo in photos], last


def _embeddings(
    connection: Connection, stored: StoredRows, table: str, ids: Sequence[int], dim: int
) -> dict[int, tuple[Embedding | None, str | None]]:
    """Return the embedding and the fault of each photo that has a good row in the space."""
    marks = ",".join("?" * len(ids))
    rows = connection.execute(f"SELECT {embedding_columns(table)} FROM {table} WHERE id IN ({marks})", ids)
    found: dict[int, tuple[Embedding | None, str | None]] = {}
    for row in rows.fetchall():
        if row[0] is None or not stored.is_intact(table, row):
            continue
        pair = stored.embedding(table, row)
        if pair is not None and not (len(pair[1]) == dim and np.isfinite(pair[1]).all()):
            continue
        fault = None if row[1] is None else row[1].decode()
        found[int(row[0])] = (None if pair is None else pair[1], fault)
    return found


def _original(gallery: Gallery, photo: Photo) -> bytes | None:
    """Return the bytes of a photo's file. None if it is gone, has changed or is too large."""
    with suppress(OSError, PhotoNotFound):
        data = read_regular(gallery.picture_path(photo), limit=MAX_ORIGINAL)
        if hashlib.sha256(data).hexdigest() == photo.sha256:
            return data
    return None


def _is_removed(gallery: Gallery, photo: Photo) -> bool:
    """Return whether a photo was removed since its row was read. Its files are gone then, too."""
    try:
        return gallery.photo(photo.id).sha256 != photo.sha256
    except PhotoNotFound:
        return True
    except PhotoDamaged:
        return False
