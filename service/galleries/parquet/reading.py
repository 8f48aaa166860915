"""Read the file of a gallery. It may be damaged, or be made by somebody who wants to do harm.

Its size bounds nothing: compressed pages can grow. So it is read in small batches, page by page, and each
value is checked before it is used (`service.galleries.parquet.checks`). A process that imports a hostile file
can still run out of memory; then nothing is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from model.regular_file import open_regular
from service.galleries.parquet.arrow import load_arrow
from service.galleries.parquet.checks import ImportedPhoto, checked_photo
from service.galleries.parquet.columns import columns
from service.galleries.parquet.header import from_metadata
from service.galleries.parquet.refused import GalleryFileRefused

BATCH = 128
"""Rows that are in memory together. Their thumbnails have at most 1 MB each, and usually some kB."""
BATCH_WITH_PHOTOS = 4
READ_AHEAD = 1 << 20
"""Bytes of a column that are read at a time. Without this, a whole row group would be in memory."""
MAX_COLUMNS = 1000


class GalleryFile:
    """An open file of a gallery. Use it in a `with` block.

    Args:
        max_pixels: the most pixels that a photo may have.

    Attributes:
        header: what it says of its gallery.
        rows: the number of photos.

    Raises:
        ExtraMissing: pyarrow is not installed.
        GalleryFileRefused: it is not Parquet, is damaged, or is not the file of a gallery.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, *, max_pixels: int) -> None:
        self._pa, pq = load_arrow()
        self._max_pixels = max_pixels
        self._file = open_regular(path)
        try:
            with self._translated("it is not a Parquet file, or its end is missing"):
                self._parquet = pq.ParquetFile(
                    self._file,
                    pre_buffer=False,
                    buffer_size=READ_AHEAD,
                    page_checksum_verification=True,
                )
                self.rows = int(self._parquet.metadata.num_rows)
                kinds = self._parquet.schema_arrow
            self.header = from_metadata(self._parquet.metadata.metadata)
            self._check_columns(kinds)
        except BaseException:
            self._file.close()
            raise

    def photos(self) -> Iterator[ImportedPhoto]:
        """Yield the photos, checked, in the order of the file. Raises GalleryFileRefused."""
        size = BATCH_WITH_PHOTOS if self.header.photos else BATCH
        row = 0
        with self._translated("it is damaged"):
            for batch in self._parquet.iter_batches(batch_size=size, use_threads=False):
                for values in self._rows(batch):
                    row += 1
                    yield checked_photo(row, values, dim=self.header.dim, max_pixels=self._max_pixels)
        if row != self.rows:
            raise GalleryFileRefused(f"it is damaged: it has {row:,} rows, and says {self.rows:,}")

    def _rows(self, batch: Any) -> Iterator[dict[str, Any]]:  # pyarrow has no types
        """Yield each row of a batch by column, an embedding as an array."""
        names = batch.schema.names
        for scalars in zip(*batch.columns, strict=True):
            row = dict(zip(names, scalars, strict=True))
            embedding = row.pop("embedding")
            values: dict[str, Any] = {name: scalar.as_py() for name, scalar in row.items()}
            values["embedding"] = (
                embedding.values.to_numpy(zero_copy_only=False) if embedding.is_valid else None
            )
            yield values

    def _check_columns(self, kinds: Any) -> None:  # pyarrow has no types
        """Raise GalleryFileRefused unless the file has exactly the columns of a gallery."""
        expected = dict(columns(self._pa, self.header.dim))
        names = list(kinds.names)
        if len(names) > MAX_COLUMNS or len(set(names)) != len(names):
            raise GalleryFileRefused("its columns are not those of a gallery: some occur twice")
        if missing := [name for name in expected if name not in names]:
            raise GalleryFileRefused(f"it has no column {', '.join(missing)}")
        if unknown := [name for name in names if name not in expected]:
            raise GalleryFileRefused(
                f"it has columns that galleries do not have: {', '.join(unknown)};"
                " put such values into the column metadata, and leave these columns out"
            )
        for name, kind in expected.items():
            found = kinds.field(name).type
            if found != kind:
                raise GalleryFileRefused(f"the column {name} has the type {found} instead of {kind}")

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Turn errors of pyarrow into GalleryFileRefused."""
        try:
            yield
        except (self._pa.ArrowException, UnicodeDecodeError) as error:
            detail = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise GalleryFileRefused(f"{what} ({detail})") from error
        except OSError as error:  # pyarrow raises it without a number for damaged pages
            if error.errno is not None:
                raise
            raise GalleryFileRefused(f"{what} ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parquet.close()
        self._file.close()
