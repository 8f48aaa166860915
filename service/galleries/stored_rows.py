"""Rows of photos and embeddings as they are stored: written with their checksum, compared when read."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import JsonValue

from service.embedding import Embedding
from service.galleries.checksums import EMBEDDING, PHOTO, RawRow, checksum, is_intact, last_id, selected
from service.galleries.database import GalleryDatabase
from service.galleries.photo_filter import LARGEST_INTEGER, PhotoFilter
from service.galleries.records import NewPhoto, Photo
from service.galleries.schema import Connection

PHOTO_COLUMNS = selected(PHOTO, "photos")
"""The columns that `StoredRows.photo` takes."""
MAX_VALUES = 500
"""Values in one `IN (...)`; SQLite has a limit."""


def embedding_columns(table: str) -> str:
    """Return the columns of a space's table that `StoredRows.embedding` takes."""
    return selected(EMBEDDING, table)


class StoredRows:
    """Reads rows of a database. Damaged rows are left out and recorded in its `damage`."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def photo(self, row: RawRow) -> Photo | None:
        """Return the photo of a row of `PHOTO_COLUMNS`. None if the row is damaged."""
        if not self.is_intact("photos", row):
            return None
        photo_id, sha256, label, metadata, content_type, width, height, source, small, _, _ = row
        assert photo_id and sha256 and metadata and content_type is not None and width and height
        try:
            parsed: dict[str, JsonValue] = json.loads(metadata)
        except ValueError:  # the row was damaged before a migration gave it a checksum
            self._database.damage.add("photos", int(photo_id))
            return None
        return Photo(
            id=int(photo_id),
            sha256=sha256.decode(),
            label=None if label is None else label.decode(),
            metadata=parsed,
            content_type=content_type.decode(),
            width=int(width),
            height=int(height),
            source=None if source is None else source.decode(),
            thumbnail=small,
        )

    def photos(self, rows: Sequence[RawRow]) -> list[Photo]:
        """Return the photos of the intact rows."""
        return [photo for row in rows if (photo := self.photo(row)) is not None]

    def page(
        self,
        connection: Connection,
        wanted: PhotoFilter,
        after: int,
        limit: int,
        *,
        until: int = LARGEST_INTEGER,
    ) -> list[Photo]:
        """Return up to `limit` wanted photos with ids above `after` and up to `until`, by id.

        Fewer only if there are no more.
        """
        photos: list[Photo] = []
        condition, values = wanted.where()
        while len(photos) < limit:
            missing = limit - len(photos)
            rows = connection.execute(
                f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id > ? AND id <= ? AND {condition}"
                " ORDER BY id LIMIT ?",
                (after, until, *values, missing),
            ).fetchall()
            after = last_id(rows, after)
            photos += self.photos(rows)
            if len(rows) < missing:
                break
        return photos

    def embedding(self, table: str, row: RawRow) -> tuple[int, Embedding] | None:
        """Return the photo id and embedding of a row of `embedding_columns`.

        None if the row is damaged or has no embedding.
        """
        if not self.is_intact(table, row) or row[0] is None or row[2] is None:
            return None
        return int(row[0]), np.frombuffer(row[2], "<f4")

    def embeddings(self, table: str, rows: Sequence[RawRow]) -> list[tuple[int, Embedding]]:
        """Return the photo ids and embeddings of the intact rows that have one."""
        return [pair for row in rows if (pair := self.embedding(table, row)) is not None]

    def removal(self, row: RawRow) -> int | None:
        """Return the photo id of a row of the table of removals. None if the row is damaged."""
        return int(row[0]) if self.is_intact("removals", row) and row[0] is not None else None

    def select_photos(
        self, connection: Connection, column: Literal["id", "sha256"], values: Sequence[int | str]
    ) -> list[Photo]:
        """Return the photos that have one of the values in a column, in any order."""
        photos: list[Photo] = []
        for start in range(0, len(values), MAX_VALUES):
            photos += self._select_part(connection, column, values[start : start + MAX_VALUES])
        return photos

    def _select_part(
        self, connection: Connection, column: Literal["id", "sha256"], values: Sequence[int | str]
    ) -> list[Photo]:
        marks = ",".join("?" * len(values))
        ids = marks if column == "id" else f"SELECT id FROM photos WHERE sha256 IN ({marks})"
        # NOT INDEXED: SQLite would take the SHA-256 from its index, and hide that the row's is damaged.
        query = f"SELECT {PHOTO_COLUMNS} FROM photos NOT INDEXED WHERE id IN ({ids})"
        try:
            found = self.photos(connection.execute(query, values).fetchall())
            wanted = set(values)
            return [photo for photo in found if column == "id" or photo.sha256 in wanted]
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError or len(values) == 1:
                raise
        # A page is damaged. It fails the query, but the rows of other pages can be read.
        photos: list[Photo] = []
        for value in values:
            try:
                photos += self._select_part(connection, column, [value])
            except sqlite3.DatabaseError:
                if column == "id":
                    self._database.damage.add("photos", int(value))
        return photos

    def is_intact(self, table: str, row: RawRow) -> bool:
        """Return whether a row of a table has its checksum."""
        if is_intact(row, unsealed=self._database.unsealed):
            return True
        self._database.damage.add(table, int(row[0] or -1))
        return False


def photo_values(photo_id: int, photo: NewPhoto, revision: int) -> tuple[int | str | bytes | None, ...]:
    """Return the values of a photo's row in the order of `PHOTO`, and their checksum."""
    stored = Photo(
        id=photo_id,
        sha256=photo.sha256,
        label=photo.label,
        metadata=photo.metadata,
        content_type=photo.content_type,
        width=photo.width,
        height=photo.height,
        source=photo.source,
        thumbnail=checksum(photo.thumbnail),
    )
    return stored_values(stored, revision)


def stored_values(photo: Photo, revision: int) -> tuple[int | str | bytes | None, ...]:
    """Return the values of a row in the order of `PHOTO`, and their checksum."""
    values = (
        photo.id,
        photo.sha256,
        photo.label,
        json.dumps(photo.metadata),
        photo.content_type,
        photo.width,
        photo.height,
        photo.source,
        photo.thumbnail,
        revision,
    )
    return *values, checksum(*values)


def embedding_values(
    photo_id: int, embedding: Embedding | None, fault: str | None = None
) -> tuple[int | str | bytes | None, ...]:
    """Return the values of an embedding's row in the order of `EMBEDDING`, and their checksum."""
    blob = None if embedding is None else np.ascontiguousarray(embedding, "<f4").tobytes()
    return photo_id, fault, blob, checksum(photo_id, fault, blob)
