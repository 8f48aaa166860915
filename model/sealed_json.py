"""JSON documents that carry a checksum of themselves, so that a damaged disk is noticed.

The checksum shows damage, not forgery: whoever can write the file can also compute it.
"""

import hashlib
import json
from collections.abc import Mapping, Set

from pydantic import JsonValue
from pydantic_core import from_json

CHECKSUM = "checksum"
"""The key of the checksum: SHA-256 over all other keys, in the form of `_canonical`."""


def seal(document: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a document with its checksum as the last key. A checksum that it has already is replaced."""
    content = {key: value for key, value in document.items() if key != CHECKSUM}
    return {**content, CHECKSUM: _checksum(content)}


def unseal(text: bytes, *, known: Set[str] | None = None) -> dict[str, JsonValue]:
    """Return a document without its checksum.

    Args:
        text: the JSON text.
        known: accept a document without a checksum if it has only these keys. The damaged key of a checksum
            is not among them. None refuses all documents without a checksum.

    Raises:
        ValueError: the text is not a JSON object, is nested too deeply, or does not match its checksum.
    """
    document = from_json(text, allow_inf_nan=False)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    if CHECKSUM not in document:
        if known is None:
            raise ValueError("it has no checksum")
        if unknown := document.keys() - known:
            raise ValueError(f"it has no checksum, and an unknown key {min(unknown)!r}")
        return document
    stored = document.pop(CHECKSUM)
    if stored != _checksum(document):
        raise ValueError(
            "it does not match its checksum: it is damaged, or was edited without deleting the checksum"
        )
    return document


def _checksum(content: Mapping[str, JsonValue]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, JsonValue]) -> bytes:
    """Return JSON that does not depend on spaces or on the order of keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
