from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.image import Image


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Pictures made of a picture."""

    model: str
    """id of the model that made them"""
    source: str
    """domain of the picture sent"""
    target: str
    """domain of the pictures made"""
    images: list[Image]
    """one for each sample asked for"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Translation:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            model=data["model"],
            source=data["source"],
            target=data["target"],
            images=[Image.from_dict(each) for each in data["images"]],
        )
