"""Check each row of a file before it is imported. Whoever wrote the file may have put anything into it.

A row's path is only kept to be shown: no file is opened by it. Its SHA-256 names files of the gallery, and
its media type is sent to browsers, so both must be what this program writes.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from pydantic import JsonValue
from pydantic_core import from_json

from model.images.containers import strip_metadata
from model.images.errors import PictureError
from model.images.formats import START, Format, sniff
from service.embedding import Embedding
from service.galleries.checksums import checksum
from service.galleries.files import MAX_THUMBNAIL
from service.galleries.own_names import PICTURE
from service.galleries.parquet.columns import REQUIRED
from service.galleries.parquet.refused import GalleryFileRefused
from service.galleries.parquet.stored import MAX_ORIGINAL
from service.galleries.records import ELSEWHERE, Photo
from service.galleries.schema import MAX_ID

MAX_TEXT = 10_000
"""Characters of a label, a path or a fault."""
MAX_METADATA = 1_000_000
"""Characters of a photo's metadata as JSON."""
MAX_THUMBNAIL_SIDE = 512
"""Pixels. This version makes smaller ones."""
CONTENT_TYPES = frozenset({f"image/{name.lower()}" for name in get_args(Format)} | {"image/mpo", ""})
"""Media types that galleries have. Earlier versions had the last two."""
SAME_FORMAT = {"image/mpo": "image/jpeg"}


@dataclass(frozen=True, kw_only=True)
class ImportedPhoto:
    """The photo of a checked row. Without its original, it is elsewhere.

    Attributes:
        embedding, fault, thumbnail, original: as in `StoredPhoto`.
    """

    photo: Photo
    embedding: Embedding | None
    fault: str | None
    thumbnail: bytes | None
    original: bytes | None


def checked_photo(row: int, values: Mapping[str, Any], *, dim: int, max_pixels: int) -> ImportedPhoto:
    """Return the photo of a row.

    Args:
        row: its number, from 1.
        values: by column, of the types of the columns.
        dim: length of an embedding.
        max_pixels: the most pixels that a photo may have.

    Raises:
        GalleryFileRefused: a value is not what it should be.
    """
    fault = _fault(values, dim, max_pixels)
    metadata = None if fault else _metadata(values["metadata"])
    if metadata is None:
        raise GalleryFileRefused(f"row {row:,}: {fault or 'its metadata is not a JSON object, or too long'}")
    thumbnail: bytes | None = values["thumbnail"]
    photo = Photo(
        id=values["id"],
        sha256=values["sha256"],
        label=values["label"],
        metadata=metadata,
        content_type=values["content_type"],
        width=values["width"],
        height=values["height"],
        source=None if values["photo"] is not None else f"{ELSEWHERE}{values['image_path'] or ''}",
        thumbnail=None if thumbnail is None else checksum(thumbnail),
    )
    return ImportedPhoto(
        photo=photo,
        embedding=values["embedding"],
        fault=values["fault"],
        thumbnail=thumbnail,
        original=values["photo"],
    )


def _fault(values: Mapping[str, Any], dim: int, max_pixels: int) -> str | None:
    """Return what is wrong with a row, apart from its metadata, or None."""
    for name in sorted(REQUIRED):
        if values[name] is None:
            return f"its {name} is missing"
    if not 0 < values["id"] <= MAX_ID:
        return f"its id {values['id']} is not between 1 and {MAX_ID}"
    if not PICTURE.fullmatch(values["sha256"]):
        return "its sha256 is not 64 hexadecimal digits in lower case"
    for name in ("label", "image_path", "fault"):
        if len(values[name] or "") > MAX_TEXT:
            return f"its {name} has more than {MAX_TEXT:,} characters"
    if values["content_type"] not in CONTENT_TYPES:
        return f"its content_type {values['content_type'][:80]!r} is not that of a picture"
    width, height = values["width"], values["height"]
    if width < 1 or height < 1 or width * height > max_pixels:
        return f"its size is {width} x {height} pixels; --max-pixels is {max_pixels:,}"
    return (
        _embedding_fault(values["embedding"], values["fault"], dim)
        or _thumbnail_fault(values["thumbnail"])
        or _original_fault(values["photo"], values["sha256"], values["content_type"])
    )


def _embedding_fault(embedding: Embedding | None, fault: str | None, dim: int) -> str | None:
    if embedding is None:
        return None if fault is not None else "it has neither an embedding nor a fault that says why"
    if len(embedding) != dim:
        return f"its embedding has {len(embedding)} values instead of {dim}"
    return None if np.isfinite(embedding).all() else "its embedding has values that are no finite numbers"


def _thumbnail_fault(data: bytes | None) -> str | None:
    if data is None:
        return None
    if len(data) > MAX_THUMBNAIL:
        return f"its thumbnail has more than {MAX_THUMBNAIL:,} bytes"
    size = None
    if sniff(data[:START]) == "WEBP":
        with suppress(PictureError):
            size = strip_metadata(data).size
    if size is None:
        return "its thumbnail is not a WebP"
    if max(size) > MAX_THUMBNAIL_SIDE:
        return f"its thumbnail is larger than {MAX_THUMBNAIL_SIDE} x {MAX_THUMBNAIL_SIDE} pixels"
    return None


def _original_fault(data: bytes | None, sha256: str, content_type: str) -> str | None:
    if data is None:
        return None
    if len(data) > MAX_ORIGINAL:
        return f"its photo has more than {MAX_ORIGINAL:,} bytes"
    if hashlib.sha256(data).hexdigest() != sha256:
        return "its photo does not have its sha256: one of the two is damaged"
    kind = sniff(data[:START])
    declared = SAME_FORMAT.get(content_type, content_type)
    if kind is None or declared not in ("", f"image/{kind.lower()}"):
        return f"its photo is not of the content_type {content_type or 'of a picture'}"
    return None


def _metadata(text: str) -> dict[str, JsonValue] | None:
    """Return a photo's metadata. None unless it is a JSON object that can always be sent back."""
    if len(text) > MAX_METADATA:
        return None
    try:
        value = from_json(text, allow_inf_nan=False)
        json.dumps(value, allow_nan=False)  # a number such as 1e999 is read as infinity
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
