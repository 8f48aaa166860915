"""The ids of the photos that a filter selects, kept until the gallery changes."""

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from service.galleries.database import GalleryDatabase
from service.galleries.photo_filter import PhotoFilter
from service.galleries.schema import current_revision

KEPT = 8
"""Filters whose ids are kept, those used last. A user tries a few, one sketch after another."""
KEPT_IDS = 1_000_000
"""Largest number of ids that is kept of all filters of a gallery together, 8 bytes each."""

Ids = NDArray[np.int64]


class FilteredIds:
    """Selects the photos of one gallery. Thread-safe.

    A filter reads the rows of all photos. Every change of a photo increases the gallery's revision, so the
    ids of a revision stay right.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: OrderedDict[PhotoFilter, tuple[int, Ids]] = OrderedDict()

    def get(self, wanted: PhotoFilter) -> Ids:
        """Return the ids of the photos that a filter selects, in ascending order."""
        with self._database.reading() as connection:
            revision = current_revision(connection)
            with self._lock:
                kept_revision, ids = self._kept.get(wanted, (-1, np.empty(0, np.int64)))
            if kept_revision != revision:
                where, values = wanted.where()
                rows = connection.execute(f"SELECT id FROM photos WHERE {where} ORDER BY id", values)
                ids = np.fromiter((int(row[0]) for row in rows), np.int64)
        with self._lock:
            self._kept[wanted] = (revision, ids)
            self._kept.move_to_end(wanted)
            while len(self._kept) > KEPT or sum(len(each) for _, each in self._kept.values()) > KEPT_IDS:
                self._kept.popitem(last=False)
        return ids
