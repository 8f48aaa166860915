from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label of a gallery."""

    label: None | str
    """The label; null for photos without a label."""
    photos: int
    """Number of photos with this label."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Label:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            label=data["label"],
            photos=data["photos"],
        )
