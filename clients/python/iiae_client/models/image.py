from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Image:
    """A generated image."""

    content_type: str
    """Media type of the image."""
    data: bytes
    """The image file, encoded as base64."""
    width: int
    """Width in pixels."""
    height: int
    """Height in pixels."""
    seed: int | None
    """Seed that reproduces this image; null if the style was not sampled."""

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
