from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture that was made."""

    content_type: str
    """the file's type"""
    data: bytes
    """the file, base64"""
    width: int
    """in pixels"""
    height: int
    """in pixels"""
    seed: int | None
    """repeats this sample; null where nothing was drawn"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Image:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            content_type=data["content_type"],
            data=b64decode(data["data"]),
            width=data["width"],
            height=data["height"],
            seed=data["seed"],
        )
