"""Find out whether a folder of a gallery is its own: no link, and not the folder of another gallery, too."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FolderUse:
    """Who uses a folder such as `photos/`.

    Attributes:
        reason: why a repair changes nothing in the folder. None if the folder is the gallery's own.
        shared_with: names of other galleries that use it.
    """

    reason: str | None
    shared_with: list[str]


def folder_use(gallery: Path, kind: str) -> FolderUse:
    """Return who uses a folder of a gallery. It need not exist."""
    folder = gallery / kind
    try:
        others = _others(gallery, kind)
    except OSError as error:
        return FolderUse(f"the folders {kind}/ of other galleries cannot be read ({error.strerror})", [])
    if others:
        return FolderUse(f"{kind}/ is also the folder of gallery {', '.join(others)}", others)
    if folder.is_symlink():
        return FolderUse(f"{kind}/ is a link, and a repair changes only the gallery's own folder", [])
    return FolderUse(None, [])


def _others(gallery: Path, kind: str) -> list[str]:
    """Return the names of the other galleries that use a folder. Raises OSError."""
    folder = gallery / kind
    if not folder.exists():
        return []
    return sorted(
        other.name
        for other in gallery.parent.iterdir()
        if other.name != gallery.name
        and (other / kind).exists()
        and (other / kind).samefile(folder)
        and not other.samefile(gallery)
    )
