"""The data types of a sync: folders, files as of the last sync, and the report."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import UserError

UNKNOWN = -1
"""Size or time of a file that must be read at the next sync."""


class SyncRefused(UserError):
    """A sync would remove too much, or cannot begin. Nothing was changed."""


class RemovalRefused(SyncRefused):
    """A sync would remove most photos of a folder."""


@dataclass(frozen=True)
class Folder:
    """A folder that a gallery follows.

    Attributes:
        exclude: patterns of names that are left out, see `folder_walk.walk`.
    """

    id: int
    path: Path
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file of a followed folder, as of its last sync.

    Attributes:
        id: of its row. None for a photo that an earlier version of this program indexed.
        folder: id of its folder.
        path: relative to the folder, with slashes.
        photo: id of the photo with its picture. If there is no such photo, somebody removed it from the
            gallery, and it stays removed.
        label: what the folder's name gave. If the photo has another label, somebody changed it by hand.
        size, mtime: as of that sync, or `UNKNOWN`.
    """

    id: int | None
    folder: int
    path: str
    photo: int
    sha256: str
    label: str | None
    size: int = UNKNOWN
    mtime: int = UNKNOWN


@dataclass(frozen=True)
class SyncOptions:
    """What a sync may do.

    Attributes:
        keep: keep photos whose files are gone.
        force: remove photos also if most files of the folder are gone, or the folder itself.
        again: read every file again, and bring back photos that were removed from the gallery by hand.
    """

    keep: bool = False
    force: bool = False
    again: bool = False


@dataclass
class SyncReport:
    """What a sync did, in numbers of files.

    Attributes:
        changed: files with another picture than before. Their photos keep their ids.
        relabelled: photos whose label follows a folder's name. They are among `moved`.
        kept: files that are gone, but whose photos were kept.
        unreachable: files in places that cannot be read. Their photos stay.
        copies: new files whose picture the gallery has already.
        removed_by_hand: files whose photos somebody removed from the gallery. They stay removed.
        skipped: files and folders that were left out, by reason.
        unreadable: a line for each file or folder that cannot be read.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    relabelled: int = 0
    removed: int = 0
    kept: int = 0
    unchanged: int = 0
    unreachable: int = 0
    copies: int = 0
    removed_by_hand: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    @property
    def did_something(self) -> bool:
        """Whether the gallery differs now."""
        return any((self.added, self.changed, self.moved, self.relabelled, self.removed))
