from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """A gallery: photos of one domain, embedded by one model."""

    name: str
    """by which requests name it"""
    model: str
    """id of the model by which it is searched"""
    domain: str
    """domain of the photos"""
    photos: int
    """how many there are"""
    index: str
    """the kind of index, which is chosen by size"""
    credit: None | str
    """whom the photos are due to, if that is known"""
    outdated: bool
    """made with another checkpoint than the one served; it must be embedded again"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Gallery:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            name=data["name"],
            model=data["model"],
            domain=data["domain"],
            photos=data["photos"],
            index=data["index"],
            credit=data["credit"],
            outdated=data["outdated"],
        )
