from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GalleriesCreateBody:
    """A gallery to be made."""

    name: str
    """lower-case letters, digits, '.', '_', '-'; at most 64"""
    model: str
    """id of the model by which it will be searched"""
    domain: None | str | None = None
    """domain of the photos; default the model's first"""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
