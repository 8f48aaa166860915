from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.label import Label


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of a gallery."""

    labels: list[Label]
    """The labels, most photos first."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Labels:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            labels=[Label.from_dict(each) for each in data["labels"]],
        )
