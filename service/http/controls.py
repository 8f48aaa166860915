"""The admission controls of a service, and which operations each of them admits."""

import re
from dataclasses import dataclass, field

from service.inference.admission import AdmissionControl

COMPUTED = frozenset({"/translate", "/analogy", "/embed", "/preview", "/retrieve", "/sbir/search"})
"""Paths of the operations that run a model."""
READING_POSTS = COMPUTED | {"/search/vector"}
"""Paths of all operations with POST that change nothing."""
ADD_PHOTOS = "/galleries/{name}/photos"
"""Template of the path that adds photos."""
_ADD_PHOTOS = re.compile(r"/galleries/[^/]+/photos")


@dataclass(frozen=True, kw_only=True)
class Controls:
    """One admission control for each group of operations that wait for one another.

    Attributes:
        computing: translate, analogy, embed, preview, retrieve and search.
        adding: adding photos. It has its own control, so adding many photos does not refuse searches.
    """

    computing: AdmissionControl = field(default_factory=AdmissionControl)
    adding: AdmissionControl = field(default_factory=AdmissionControl)

    def find(self, method: str, path: str) -> tuple[AdmissionControl, str] | None:
        """Return the control and the path's template, or None if the operation is always admitted."""
        if method != "POST":
            return None
        if path in COMPUTED:
            return self.computing, path
        return (self.adding, ADD_PHOTOS) if _ADD_PHOTOS.fullmatch(path) else None
