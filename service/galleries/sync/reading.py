"""Read files of a folder: their SHA-256, and what a gallery stores of their pictures."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.inference import Inference
from model.regular_file import open_regular, read_regular
from service.errors import ServiceError
from service.galleries.folder_walk import FoundFile
from service.galleries.gallery import Gallery
from service.galleries.photo_contents import PhotoContents, read_contents
from service.galleries.records import NewPhoto
from service.galleries.sync.plan import ToRead
from service.images.budget import DecodedBudget
from service.inference.pixels import embed_pixels

DECODED_BYTES = 512_000_000
"""Bytes of all photos that are decoded at the same time. A larger photo is decoded alone."""
THREADS = 2


@dataclass(frozen=True)
class ReadFile:
    """A file that was read."""

    planned: ToRead
    sha256: str


@dataclass(frozen=True)
class ReadBatch:
    """Files that were read.

    Attributes:
        contents: what to store of the pictures that the gallery does not have, by SHA-256.
        unreadable: a line for each file that cannot be read.
        undecodable: those of them that are no pictures for this reader, and why.
    """

    files: list[ReadFile]
    contents: dict[str, PhotoContents]
    unreadable: list[str]
    undecodable: list[tuple[FoundFile, str]]


class ContentReader:
    """Reads and embeds the files of a folder for a gallery.

    Args:
        max_pixels: maximum number of pixels of a photo.
    """

    def __init__(self, gallery: Gallery, folder: Path, inference: Inference, max_pixels: int) -> None:
        self._gallery, self._folder, self._inference = gallery, folder, inference
        self._side = inference.side(gallery.spec.domain)
        self._max_pixels = max_pixels
        self._budget = DecodedBudget(DECODED_BYTES)

    def read(self, planned: Sequence[ToRead]) -> ReadBatch:
        """Read files, and decode those whose pictures the gallery does not have. Blocks."""
        batch = ReadBatch([], {}, [], [])
        for each in planned:
            try:
                self._read(each, batch)
            except OSError as error:
                batch.unreadable.append(f"{each.file.path}: {error.strerror}")
            except ServiceError as error:
                batch.unreadable.append(f"{each.file.path}: {error}")
                batch.undecodable.append((each.file, str(error)))
        return batch

    def embed(self, batch: ReadBatch) -> dict[str, NewPhoto]:
        """Embed the new pictures of a batch. Return their photos by SHA-256."""
        pixels = [contents.pixels for contents in batch.contents.values()]
        if not pixels:
            return {}
        embeddings = embed_pixels(self._inference, self._side, pixels, drawn=self._gallery.spec.drawn)
        files = {each.sha256: each.planned.file for each in reversed(batch.files)}
        return {
            sha256: NewPhoto(
                sha256=sha256,
                embedding=embedding,
                content_type=contents.header.content_type,
                width=contents.header.width,
                height=contents.header.height,
                thumbnail=contents.thumbnail,
                source=str(self._folder / files[sha256].path),
                label=files[sha256].label,
                metadata={"file": files[sha256].path},
            )
            for (sha256, contents), embedding in zip(batch.contents.items(), embeddings, strict=True)
        }

    def _read(self, planned: ToRead, batch: ReadBatch) -> None:
        data = read_regular(self._folder / planned.file.path)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in batch.contents and not self._gallery.known([sha256]):
            batch.contents[sha256] = read_contents(
                data,
                self._inference,
                self._side,
                max_pixels=self._max_pixels,
                reserve=self._budget.reserve_blocking,
            )
        batch.files.append(ReadFile(planned, sha256))


def digests(folder: Path, files: Sequence[FoundFile]) -> dict[str, str]:
    """Return the SHA-256 of files, by path. Files that cannot be read are left out."""
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(lambda file: _digest(folder / file.path), files)
        return {file.path: sha256 for file, sha256 in zip(files, found, strict=True) if sha256 is not None}


def _digest(path: Path) -> str | None:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
