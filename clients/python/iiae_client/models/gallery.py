from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """A gallery: photos of one domain, embedded by one model."""

    name: str
    """Name of the gallery."""
    model: str
    """Id of the model that embedded the photos."""
    digest: str
    """SHA-256 of the weights of the checkpoint that embedded the photos."""
    domain: str
    """Domain of the photos."""
    photos: int
    """Number of photos."""
    index: str
    """Kind of search index, chosen by the number of photos."""
    credit: None | str
    """Source and license of the photos; null if unknown."""
    drawn: bool
    """Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness."""
    expand: bool
    """Whether searches by sketch expand the query with the first hits, unless they say otherwise. It helps if there are several photos of a thing, and harms a little if there is one of each."""
    default_for: list[str]
    """Searches that use this gallery if they name none: `sbir` (`POST /sbir/search`) and `retrieve` (`POST /retrieve`). The first such search chooses a gallery, and it stays the default until another one is chosen."""
    outdated: bool
    """Whether another checkpoint embedded the photos. Reindex the gallery to search it."""
    damaged_rows: int
    """Number of rows and uploaded pictures that were found damaged on the disk since the gallery was opened. Searches leave damaged rows out. `iiae fsck` finds all of them."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Gallery:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            name=data["name"],
            model=data["model"],
            digest=data["digest"],
            domain=data["domain"],
            photos=data["photos"],
            index=data["index"],
            credit=data["credit"],
            drawn=data["drawn"],
            expand=data["expand"],
            default_for=[each for each in data["default_for"]],
            outdated=data["outdated"],
            damaged_rows=data["damaged_rows"],
        )
