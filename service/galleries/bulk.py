"""Embed a folder of photos into a gallery, in batches and without a server. The files stay where they are."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from model.images.formats import MAX_PIXELS, is_picture
from model.inference import Inference
from model.regular_file import read_regular
from service.embedding import Embedding
from service.errors import DomainsDiffer, ServiceError
from service.file_names import printable
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.photo_contents import PhotoContents, read_contents
from service.galleries.read_ahead import read_ahead
from service.galleries.records import GallerySpec, NewPhoto
from service.images.budget import DecodedBudget
from service.inference.pixels import embed_pixels
from service.registry.model import Model

BATCH = 32
"""Photos in one forward pass and one transaction."""
DECODED_BYTES = 512_000_000
"""Bytes of all photos that are decoded at the same time. A larger photo is decoded alone."""


@dataclass(frozen=True)
class PhotoFile:
    """A photo to add to a gallery."""

    path: Path
    label: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class IndexReport:
    """The result of `index_photos`. `damaged` has the name of each file that was left out, and the reason."""

    added: int
    known: int
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class _Photo:
    file: PhotoFile
    sha256: str
    contents: PhotoContents


@dataclass(frozen=True)
class _Batch:
    """Photos to embed, the number of photos already in the gallery, and one line for each damaged file."""

    photos: list[_Photo]
    known: int
    damaged: list[str]


def find_photos(folder: Path) -> list[PhotoFile]:
    """Return the picture files of a folder and its sub-folders, whatever their names are.

    The label is the name of the sub-folder.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and is_picture(path))
    return [
        PhotoFile(
            path.resolve(),
            None if path.parent == folder else path.parent.name,
            {"file": path.relative_to(folder).as_posix()},
        )
        for path in paths
    ]


def open_or_create(
    galleries: Galleries,
    name: str,
    model: Model,
    *,
    domain: str | None = None,
    credit: str | None = None,
    drawn: bool | None = None,
    expand: bool | None = None,
) -> Gallery:
    """Open the gallery for photos that this model embeds, or create it if it does not exist.

    Args:
        domain: the photos' domain. Defaults to the model's first domain.
        credit, expand: as in `GallerySpec.of`; used only for a new gallery.
        drawn: whether the pictures are drawn. With None, a new gallery is for photos.

    Raises:
        NameInvalid, GalleryDamaged, DomainUnknown.
        GalleryOutdated: another checkpoint embedded the gallery.
        DomainsDiffer: the gallery has photos of the other domain, or `drawn` contradicts it.
    """
    side = model.side(domain)
    if name not in galleries.names():
        spec = GallerySpec.of(model, side, credit=credit, drawn=bool(drawn), expand=expand)
        return galleries.create(name, spec)
    gallery = galleries.open(name)
    gallery.check_checkpoint(model)
    if gallery.spec.domain != model.domain(side):
        raise DomainsDiffer(
            f"gallery {name!r} has {gallery.spec.domain!r} pictures;"
            f" choose another gallery for {model.domain(side)!r} pictures"
        )
    if drawn is not None and gallery.spec.drawn != drawn:
        kinds = "drawn pictures", "photos"
        holds, wanted = kinds if gallery.spec.drawn else reversed(kinds)
        raise DomainsDiffer(
            f"gallery {name!r} is for {holds}; choose another gallery for {wanted},"
            f" or run `iiae reindex {name} --{'drawn' if drawn else 'photos'}`"
        )
    return gallery


def index_photos(
    gallery: Gallery,
    inference: Inference,
    files: Sequence[PhotoFile],
    *,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int], None] | None = None,
) -> IndexReport:
    """Embed the photos that the gallery does not have yet, and add them.

    Each batch is stored durably, so an interrupted run continues where it stopped.

    Args:
        on_progress: called after each batch with its number of files.
    """
    side = inference.side(gallery.spec.domain)
    added, known, damaged = 0, 0, []
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    budget = DecodedBudget(DECODED_BYTES)

    def read(data: bytes) -> PhotoContents:
        return read_contents(data, inference, side, max_pixels=max_pixels, reserve=budget.reserve_blocking)

    for batch in read_ahead(batches, lambda part: _read(gallery, part, read)):
        known += batch.known
        damaged += batch.damaged
        if batch.photos:
            pixels = [photo.contents.pixels for photo in batch.photos]
            embeddings = embed_pixels(inference, side, pixels, drawn=gallery.spec.drawn)
            before = gallery.count
            gallery.add([_new_photo(*pair) for pair in zip(batch.photos, embeddings, strict=True)])
            added += gallery.count - before
        if on_progress is not None:
            on_progress(len(batch.photos) + batch.known + len(batch.damaged))
    gallery.save_index()
    return IndexReport(added, known, tuple(damaged))


def _read(gallery: Gallery, files: Sequence[PhotoFile], read: Callable[[bytes], PhotoContents]) -> _Batch:
    found: dict[str, tuple[PhotoFile, bytes]] = {}
    damaged: list[str] = []
    for file in files:
        try:
            # SQLite and JSON keep text in UTF-8; a file name on Linux can be any bytes
            json.dumps([file.metadata, file.label, str(file.path)], ensure_ascii=False).encode()
            data = read_regular(file.path)
        except UnicodeEncodeError:
            name = printable(str(file.metadata.get("file", file.path)))
            damaged.append(f"{name}: the name of the file or of its folder is not UTF-8")
            continue
        except OSError as error:
            damaged.append(f"{file.path.name}: {error.strerror}")
            continue
        found[hashlib.sha256(data).hexdigest()] = (file, data)
    known = gallery.known(list(found))
    photos: list[_Photo] = []
    for sha256, (file, data) in found.items():
        if sha256 in known:
            continue
        try:
            contents = read(data)
        except ServiceError as error:
            damaged.append(f"{file.path.name}: {error}")
            continue
        photos.append(_Photo(file, sha256, contents))
    return _Batch(photos, len(files) - len(photos) - len(damaged), damaged)


def _new_photo(photo: _Photo, embedding: Embedding) -> NewPhoto:
    header = photo.contents.header
    return NewPhoto(
        sha256=photo.sha256,
        embedding=embedding,
        content_type=header.content_type,
        width=header.width,
        height=header.height,
        thumbnail=photo.contents.thumbnail,
        source=str(photo.file.path),
        label=photo.file.label,
        metadata=photo.file.metadata,
    )
