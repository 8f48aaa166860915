"""Make a gallery from a file. It appears complete, or not at all.

The gallery is built in a hidden folder, which gets its name at the end. A killed import leaves the folder
behind, which is no gallery; the next start of a server or `iiae fsck --repair` deletes it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from service.galleries.checksums import EMBEDDING, PHOTO
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.files import PhotoFiles
from service.galleries.locked_folder import locked
from service.galleries.parquet.checks import ImportedPhoto
from service.galleries.parquet.header import Header
from service.galleries.parquet.reading import GalleryFile
from service.galleries.parquet.refused import GalleryFileRefused
from service.galleries.records import GallerySpec
from service.galleries.schema import Connection, embeddings_table, set_meta, write_schema
from service.galleries.stored_rows import embedding_values, stored_values
from service.galleries.whole_file import sync_file_system, sync_folder
from service.registry.model import Model

ROWS = 1_000
"""Rows of one transaction."""
REVISION = 1
"""The revision of all imported photos. Indexes start before it."""

_PHOTO = f"INSERT INTO photos ({', '.join(PHOTO)}, checksum) VALUES ({', '.join('?' * (len(PHOTO) + 1))})"
_EMBEDDING = f"INSERT INTO {embeddings_table(1)} ({', '.join(EMBEDDING)}, checksum) VALUES (?, ?, ?, ?)"


@dataclass
class ImportReport:
    """What was imported, in photos.

    Attributes:
        originals: with their original files.
        elsewhere: without the original.
        thumbnails_lost: without a thumbnail.
    """

    photos: int = 0
    originals: int = 0
    elsewhere: int = 0
    thumbnails_lost: int = 0


def imported_spec(header: Header, model: Model) -> GallerySpec:
    """Return the spec of the gallery that a file becomes.

    Args:
        model: the checkpoint that made its embeddings.

    Raises:
        GalleryFileRefused: the file contradicts the checkpoint.
        DomainUnknown.
    """
    side = model.side(header.domain)
    spec = GallerySpec.of(model, side, credit=header.credit, drawn=header.drawn, expand=header.expand)
    if (spec.digest, spec.dim, spec.distance) != (header.digest, header.dim, header.distance):
        raise GalleryFileRefused(
            f"its embeddings have {header.dim} numbers and are compared by {header.distance}, and those of"
            f" {header.checkpoint} have {spec.dim} and are compared by {spec.distance}"
        )
    return spec


def import_gallery(
    galleries: Galleries,
    name: str,
    file: GalleryFile,
    spec: Callable[[Header], GallerySpec],
    *,
    on_progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Create a gallery from a file. When this returns, it is on disk.

    Args:
        spec: returns what the gallery contains, see `imported_spec`.
        on_progress: called with a number of photos that were read since the last call.

    Raises:
        NameInvalid, GalleryExists, StorageFull, StorageUnavailable.
        GalleryFileRefused: a row of the file is not what it should be.
    """
    report = ImportReport()
    with galleries.building(name) as folder, locked(folder):
        write_schema(folder / DATABASE, spec(file.header))
        with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")  # everything is synced at the end
            _Building(folder, connection, report).add_all(file, on_progress or _ignored)
        sync_file_system(folder)
        os.utime(folder)  # it is no leftover in the moment between the lock's end and its new name
    sync_folder(galleries.root)
    return report


class _Building:
    """A gallery while it is built."""

    def __init__(self, folder: Path, connection: Connection, report: ImportReport) -> None:
        self._files, self._connection, self._report = PhotoFiles(folder), connection, report

    def add_all(self, file: GalleryFile, on_progress: Callable[[int], None]) -> None:
        self._connection.execute("BEGIN")
        pending = 0
        for row, photo in enumerate(file.photos(), 1):
            self._add(row, photo)
            pending += 1
            if pending == ROWS:
                self._connection.execute("COMMIT")
                self._connection.execute("BEGIN")
                on_progress(pending)
                pending = 0
        set_meta(self._connection, "revision", str(REVISION))
        self._reserve_ids(file.header.last_id)
        self._connection.execute("COMMIT")
        on_progress(pending)

    def _add(self, row: int, each: ImportedPhoto) -> None:
        photo = each.photo
        try:
            self._connection.execute(_PHOTO, stored_values(photo, REVISION))
        except sqlite3.IntegrityError as error:
            raise GalleryFileRefused(
                f"row {row:,}: an earlier row has its id {photo.id} or its sha256, too"
            ) from error
        self._connection.execute(_EMBEDDING, embedding_values(photo.id, each.embedding, each.fault))
        self._files.write(photo.sha256, each.thumbnail, each.original, durable=False)
        self._report.photos += 1
        self._report.originals += each.original is not None
        self._report.elsewhere += each.original is None
        self._report.thumbnails_lost += each.thumbnail is None

    def _reserve_ids(self, last_id: int) -> None:
        """Give new photos ids above `last_id`. Ids of removed photos are never given again."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'photos'"
        row = self._connection.execute(query).fetchone()
        highest = max(last_id, 0 if row is None else int(row[0]))
        self._connection.execute("DELETE FROM sqlite_sequence WHERE name = 'photos'")
        self._connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('photos', ?)", (highest,))


def _ignored(count: int) -> None:
    """Report no progress."""
