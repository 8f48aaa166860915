"""Write a gallery as one Parquet file, piece by piece. Memory holds one row group at a time.

The photos are read in pages while others may change the gallery. The file has the photos that the gallery has
when the export begins, without those that are removed before their turn.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from model.checkpoint import code_version
from service.galleries.gallery import Gallery
from service.galleries.parquet.arrow import load_arrow
from service.galleries.parquet.columns import COMPRESSED, REPEATED, columns, schema
from service.galleries.parquet.header import Header, header_of, to_metadata
from service.galleries.parquet.stored import PAGE, Skipped, StoredPhoto, stored_photos
from service.galleries.records import ELSEWHERE, Photo
from service.galleries.schema import MAX_ID

GROUP_BYTES = 16_000_000
"""Bytes of originals after which a row group ends. One may be larger than this."""


@dataclass
class ExportReport:
    """What a file has, in photos.

    Attributes:
        originals: with their original files.
        uploads_left: without the original, which only the gallery has: they were uploaded.
        originals_lost: without the original, although it was wanted: its file is gone or has changed.
        thumbnails_lost: without a thumbnail.
        damaged: not in the file, because their rows are damaged.
    """

    photos: int = 0
    originals: int = 0
    uploads_left: int = 0
    originals_lost: int = 0
    thumbnails_lost: int = 0
    damaged: int = 0


class Export:
    """The export of one gallery.

    Args:
        photos: put the original files in, too.
        paths: put the paths of the originals in. Clients of the HTTP API do not get them.

    Attributes:
        total: the number of photos when the export began, for progress.
        version: differs after each change of the gallery.
        report: counts while `parts` runs.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """

    def __init__(self, gallery: Gallery, *, photos: bool, paths: bool) -> None:
        self._pa, self._pq = load_arrow()
        self.gallery, self._photos, self._paths = gallery, photos, paths
        state = gallery.state()
        self.total, self._last_id = state.photos, state.last_id
        self.version = f"{gallery.spec.identity}-{state.revision}"
        self.report = ExportReport()
        self.header: Header = header_of(
            gallery.name,
            gallery.spec,
            last_id=min(state.highest_id, MAX_ID),
            photos=photos,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=code_version(),
        )

    def parts(self) -> Iterator[bytes]:
        """Yield the bytes of the file, in pieces of about one row group. Each piece blocks while it is made.

        Raises:
            GalleryReindexed: the gallery was re-embedded meanwhile.
        """
        kinds = schema(self._pa, self.header.dim, to_metadata(self.header))
        pieces = _Pieces()
        with self._pq.ParquetWriter(
            pieces,
            kinds,
            compression={kind: "zstd" if kind in COMPRESSED else "none" for kind in _leaves(kinds)},
            use_dictionary=REPEATED,
            write_statistics=["id"],  # the others would be copied into the file's end
            write_page_checksum=True,
        ) as writer:
            for group in self._groups():
                writer.write_table(self._table(group, kinds), row_group_size=len(group))
                yield pieces.taken()
        yield pieces.taken()

    def _groups(self) -> Iterator[list[StoredPhoto]]:
        """Yield the photos of each row group."""
        skipped = Skipped()
        group: list[StoredPhoto] = []
        size = 0
        for each in stored_photos(self.gallery, self._last_id, skipped, originals=self._photos):
            self._count(each)
            group.append(each)
            size += len(each.original or b"")
            if len(group) == PAGE or size >= GROUP_BYTES:
                yield group
                group, size = [], 0
        self.report.damaged = skipped.damaged
        if group:
            yield group

    def _count(self, each: StoredPhoto) -> None:
        self.report.photos += 1
        self.report.thumbnails_lost += each.thumbnail is None
        self.report.originals += each.original is not None
        if each.original is None:
            self.report.uploads_left += not self._photos and each.photo.source is None
            self.report.originals_lost += self._photos and not each.photo.is_elsewhere

    def _table(self, group: list[StoredPhoto], kinds: Any) -> Any:  # pyarrow has no types
        photos = [each.photo for each in group]
        values: dict[str, list[object]] = {
            "id": [photo.id for photo in photos],
            "sha256": [photo.sha256 for photo in photos],
            "image_path": [_path(photo) if self._paths else None for photo in photos],
            "label": [photo.label for photo in photos],
            "metadata": [json.dumps(photo.metadata) for photo in photos],
            "content_type": [photo.content_type for photo in photos],
            "width": [photo.width for photo in photos],
            "height": [photo.height for photo in photos],
            "thumbnail": [each.thumbnail for each in group],
            "fault": [each.fault for each in group],
            "photo": [each.original for each in group],
        }
        arrays = [
            self._embeddings(group, kind) if name == "embedding" else self._pa.array(values[name], kind)
            for name, kind in columns(self._pa, self.header.dim)
        ]
        return self._pa.Table.from_arrays(arrays, schema=kinds)

    def _embeddings(self, group: list[StoredPhoto], kind: Any) -> Any:  # pyarrow has no types
        dim = self.header.dim
        rows = [np.zeros(dim, np.float32) if each.embedding is None else each.embedding for each in group]
        missing = self._pa.array([each.embedding is None for each in group])
        values = self._pa.array(np.concatenate(rows))
        return self._pa.FixedSizeListArray.from_arrays(values, type=kind, mask=missing)


class _Pieces(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:  # anything with a buffer
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _leaves(kinds: Any) -> list[str]:  # pyarrow has no types
    """Return the names of the columns as Parquet has them: an embedding's is that of its values."""
    return [name if name != "embedding" else "embedding.list.element" for name in kinds.names]


def _path(photo: Photo) -> str | None:
    return None if photo.source is None else photo.source.removeprefix(ELSEWHERE)
