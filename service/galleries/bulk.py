"""Embedding a folder of photos into a gallery, in bulk and without a server; the files stay where they lie."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pydantic import JsonValue
from torch import Tensor

from model.inference import Inference, NoDrawing
from model.presets import Side
from service.errors import ServiceError
from service.galleries.gallery import Gallery, NewPhoto
from service.galleries.read_ahead import read_ahead
from service.images.decode import Header, decode, inspect, thumbnail

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})
BATCH = 32


@dataclass(frozen=True)
class Item:
    """One picture to index: `data` where the gallery is to keep it, else it is read from `path` and stays there."""

    path: Path
    label: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)
    data: bytes | None = None


@dataclass(frozen=True)
class Indexed:
    """What came of it; `damaged` names files and says why they were left out."""

    added: int
    known: int
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    item: Item
    sha256: str
    header: Header
    thumbnail: bytes
    pixels: Tensor


def pictures_below(folder: Path) -> list[Item]:
    """Every picture file of a folder and its sub-folders; the label is the sub-folder's name."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return [
        Item(
            path.resolve(),
            None if path.parent == folder else path.parent.name,
            {"file": path.relative_to(folder).as_posix()},
        )
        for path in paths
    ]


def index_items(
    gallery: Gallery,
    inference: Inference,
    items: list[Item],
    *,
    max_pixels: int,
    progress: Callable[[int], None] | None = None,
) -> Indexed:
    """Embeds what the gallery does not have yet, a batch at a time; each batch is durable, so that a run that was
    interrupted goes on where it stopped. `progress` is told how many items are done."""
    side = inference.side(gallery.spec.domain)
    added, known, damaged = 0, 0, []
    parts = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    for reads, already, broken in read_ahead(
        parts, lambda part: _read(gallery, inference, side, part, max_pixels)
    ):
        known += already
        damaged += broken
        if reads:
            codes = (
                inference.shared(side, torch.stack([read.pixels for read in reads]))
                .flatten(1)
                .float()
                .cpu()
                .numpy()
            )
            before = gallery.count
            gallery.add([_photo(read, code) for read, code in zip(reads, codes, strict=True)])
            added += gallery.count - before
        if progress is not None:
            progress(len(reads) + already + len(broken))
    gallery.save_index()
    return Indexed(added, known, tuple(damaged))


Batch = tuple[list[_Read], int, list[str]]


def _read(gallery: Gallery, inference: Inference, side: Side, items: list[Item], max_pixels: int) -> Batch:
    contents: dict[str, tuple[Item, bytes]] = {}
    damaged: list[str] = []
    for item in items:
        try:
            json.dumps([item.metadata, item.label, str(item.path)], ensure_ascii=False).encode()
            data = item.data if item.data is not None else item.path.read_bytes()
        except UnicodeEncodeError:
            damaged.append(f"{_printable(item)}: its name or a folder's is not UTF-8")
            continue
        except OSError as error:
            damaged.append(f"{item.path.name}: {error.strerror}")
            continue
        contents[hashlib.sha256(data).hexdigest()] = (item, data)
    known = gallery.known(list(contents))
    reads: list[_Read] = []
    for sha256, (item, data) in contents.items():
        if sha256 in known:
            continue
        try:
            header = inspect(data, max_pixels=max_pixels)
            image: Image.Image = decode(data, max_pixels=max_pixels)
            pixels = inference.prepare(image, side)
        except (ServiceError, NoDrawing) as error:
            damaged.append(f"{item.path.name}: {error}")
            continue
        reads.append(_Read(item, sha256, header, thumbnail(image), pixels))
    return reads, len(items) - len(reads) - len(damaged), damaged


def _printable(item: Item) -> str:
    """Where an item was found, with what is no text written out in hexadecimal."""
    return os.fsencode(str(item.metadata.get("file", item.path))).decode(errors="backslashreplace")


def _photo(read: _Read, code: np.ndarray[tuple[int], np.dtype[np.float32]]) -> NewPhoto:
    item = read.item
    return NewPhoto(
        sha256=read.sha256,
        embedding=code,
        content_type=read.header.content_type,
        width=read.header.width,
        height=read.header.height,
        thumbnail=read.thumbnail,
        data=item.data,
        source=None if item.data is not None else str(item.path),
        label=item.label,
        metadata=item.metadata,
    )
