"""Uploads, and their form fields."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

Upload = str | os.PathLike[str] | bytes | BinaryIO
"""A path, a file's bytes, or an open file."""

Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]
"""One form field, for httpx."""


def file_part(field: str, upload: Upload) -> Part:
    """Return the form field of one file."""
    if isinstance(upload, (str, os.PathLike)):
        path = Path(upload)
        return field, (path.name, path.read_bytes())
    if isinstance(upload, bytes):
        return field, ("upload", upload)
    name = getattr(upload, "name", None)
    return field, (Path(name).name if isinstance(name, str) else "upload", upload.read())


def file_parts(field: str, uploads: Upload | Sequence[Upload]) -> list[Part]:
    """Return the form fields of one or several files."""
    if isinstance(uploads, Sequence) and not isinstance(uploads, (str, bytes)):
        return [file_part(field, upload) for upload in uploads]
    return [file_part(field, uploads)]


def text_part(field: str, value: str | float | bool) -> Part:
    """Return the form field of a value."""
    return field, (None, (str(value).lower() if isinstance(value, bool) else str(value)).encode())


def text_parts(field: str, values: str | Sequence[str]) -> list[Part]:
    """Return the form fields of one or several texts."""
    return [text_part(field, value) for value in ([values] if isinstance(values, str) else values)]


__all__ = ["Part", "Upload", "file_part", "file_parts", "text_part", "text_parts"]
