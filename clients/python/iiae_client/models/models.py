from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.model import Model
from ..models.rejected import Rejected


@dataclass(frozen=True, kw_only=True)
class Models:
    """All models."""

    models: list[Model]
    """Models that are a default first, then the others, by id."""
    rejected: list[Rejected]
    """Checkpoints that cannot be served."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Models:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            models=[Model.from_dict(each) for each in data["models"]],
            rejected=[Rejected.from_dict(each) for each in data["rejected"]],
        )
