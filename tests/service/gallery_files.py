"""Galleries as Parquet files, for tests."""

from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
from gallery_photos import DIM, embedding, new_photo, spec
from PIL import Image

from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.parquet.exporting import Export, ExportReport
from service.galleries.parquet.importing import ImportReport, import_gallery, imported_spec
from service.galleries.parquet.reading import GalleryFile
from service.galleries.records import GallerySpec, NewPhoto

MAX_PIXELS = 1_000_000


@cache
def webp(number: int, side: int = 8) -> bytes:
    out = BytesIO()
    Image.new("RGB", (side, side), (number % 256, 10, 20)).save(out, "WEBP")
    return out.getvalue()


def photo(number: int, **changes: object) -> NewPhoto:
    """A photo with a thumbnail that is one. Its picture is a WebP with its SHA-256, if it has data."""
    fields: dict[str, object] = {"thumbnail": webp(number), "data": None, "source": f"/far/{number}.png"}
    return new_photo(number, **(fields | changes))


def gallery_of(root: Path, *photos: NewPhoto, **changes: object) -> Gallery:
    gallery = Galleries(root).create("g", replace(spec(), digest="d" * 64, **changes))
    gallery.add(photos)
    return gallery


def exported(
    gallery: Gallery, path: Path, *, photos: bool = False, paths: bool = True
) -> tuple[Path, ExportReport]:
    export = Export(gallery, photos=photos, paths=paths)
    path.write_bytes(b"".join(export.parts()))
    return path, export.report


def model_of(made_by: GallerySpec) -> SimpleNamespace:
    """A stand-in for the checkpoint that embedded a gallery: what a spec takes of a model."""
    preset = SimpleNamespace(distance=made_by.distance)
    return SimpleNamespace(
        id=made_by.model,
        digest=made_by.digest,
        side=lambda domain: "x",
        domain=lambda side: made_by.domain,
        inference=SimpleNamespace(preset=preset, search_size=made_by.dim),
    )


def imported(path: Path, root: Path, made_by: GallerySpec, name: str = "h") -> tuple[Gallery, ImportReport]:
    galleries = Galleries(root)
    with GalleryFile(path, max_pixels=MAX_PIXELS) as file:
        report = import_gallery(
            galleries, name, file, lambda header: imported_spec(header, model_of(made_by))
        )
    return galleries.open(name), report


def rewritten(path: Path, **columns: list[object]) -> Path:
    """The same file with other values in some columns, as another program would write it."""
    table = pq.read_table(path)
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        field = table.schema.field(name).with_nullable(True)
        table = table.set_column(at, field, pa.array(values, field.type))
    changed = path.with_name(f"changed-{path.name}")
    pq.write_table(table, changed)
    return changed


__all__ = ["DIM", "embedding", "exported", "gallery_of", "imported", "model_of", "photo", "rewritten", "webp"]
