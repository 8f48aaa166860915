from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.reindex_fault import ReindexFault
from ..models.reindex_state import ReindexState


@dataclass(frozen=True, kw_only=True)
class Reindex:
    """How far a reindex is, or came."""

    state: ReindexState
    """`failed` and interrupted ones go on where they were when they are begun again"""
    model: str
    """the model that embeds"""
    digest: str
    """SHA-256 of its weights"""
    done: int
    """photos that are embedded, or of which that failed"""
    total: int
    """photos of the gallery"""
    failures: int
    """photos whose pictures could not be embedded"""
    failed: list[ReindexFault]
    """the first 100 of them, by id"""
    error: None | str
    """why it failed as a whole"""
    started: datetime.datetime
    """when it was begun, or begun again"""
    ended: datetime.datetime | None
    """null while it runs"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reindex:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            state=data["state"],
            model=data["model"],
            digest=data["digest"],
            done=data["done"],
            total=data["total"],
            failures=data["failures"],
            failed=[ReindexFault.from_dict(each) for each in data["failed"]],
            error=data["error"],
            started=data["started"],
            ended=data["ended"],
        )
