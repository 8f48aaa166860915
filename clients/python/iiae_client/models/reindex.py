from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.reindex_fault import ReindexFault
from ..models.reindex_state import ReindexState


@dataclass(frozen=True, kw_only=True)
class Reindex:
    """Progress of a reindex."""

    state: ReindexState
    """State of the reindex. A failed or interrupted reindex resumes when it is started again."""
    model: str
    """Id of the model that embeds the photos."""
    digest: str
    """SHA-256 of the model's weights."""
    done: int
    """Number of photos processed, including failures."""
    total: int
    """Number of photos in the gallery."""
    failures: int
    """Number of photos that could not be embedded."""
    failed: list[ReindexFault]
    """The first 100 photos that could not be embedded, sorted by id."""
    error: None | str
    """Why the whole reindex failed; null if it did not."""
    started: datetime.datetime
    """Time at which the reindex was started or resumed."""
    ended: datetime.datetime | None
    """Time at which the reindex ended; null while it runs."""

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
