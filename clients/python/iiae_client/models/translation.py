from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.image import Image


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Images generated from an image."""

    model: str
    """Id of the model that generated the images."""
    source: str
    """Domain of the uploaded image."""
    target: str
    """Domain of the generated images."""
    images: list[Image]
    """The generated images, one per sample."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Translation:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            model=data["model"],
            source=data["source"],
            target=data["target"],
            images=[Image.from_dict(each) for each in data["images"]],
        )
