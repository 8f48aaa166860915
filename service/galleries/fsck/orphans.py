"""Find the files in a gallery's folder that no row names."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from service.galleries.files import PhotoFiles
from service.galleries.fsck.finding import Finding, Options, after_repair, delete, is_old
from service.galleries.fsck.own_folder import folder_use
from service.galleries.fsck.quarantine import quarantine
from service.galleries.fsck.readable import unreadable_folders
from service.galleries.fsck.rows import RowsChecked
from service.galleries.gallery import Gallery
from service.galleries.own_names import PICTURE, THUMBNAIL, temporary
from service.galleries.schema import Connection

TEMPORARY = {"photos": temporary(PICTURE), "thumbnails": temporary(THUMBNAIL)}
"""Names of temporary files in these folders."""


def check_orphans(gallery: Gallery, checked: RowsChecked, options: Options) -> Iterator[Finding]:
    """Yield a finding for each old file that no row names, and each left-over temporary file.

    If the row of a photo is damaged, its files look like orphans. Then only temporary files are deleted. In a
    folder that is a link, nothing is moved or deleted. If another gallery uses the folder, too, the files
    that seem orphaned may be its files, and only that is reported.
    """
    for kind in ("photos", "thumbnails"):
        use = folder_use(gallery.folder, kind)
        if use.shared_with:
            yield Finding(
                place=gallery.name,
                kind="folder_shared",
                detail=f"{use.reason}; removing a photo from one can delete a file of the other;"
                " give each gallery a folder of its own",
            )
            continue
        yield from unreadable_folders(gallery.folder / kind, gallery.name)
        for path in _linked(gallery.folder / kind):
            yield Finding(
                place=gallery.name,
                kind="not_checked",
                detail=f"{path.relative_to(gallery.folder)} is a link; files in it that belong to no photo"
                " are not found",
            )
        for path in _entries(gallery.folder / kind):
            if (found := _orphan(gallery, kind, path, checked)) is not None:
                yield _repaired(gallery, path, found, use.reason, checked, options)


def _orphan(gallery: Gallery, kind: str, path: Path, checked: RowsChecked) -> Finding | None:
    """Return the finding for an old file that no row names."""
    if not is_old(path):
        return None
    name = path.relative_to(gallery.folder)
    if TEMPORARY[kind].fullmatch(path.name) and not path.is_dir():
        return Finding(
            place=gallery.name,
            kind="temporary_file",
            detail=f"{name} is left over from an interrupted write",
        )
    if _digest(gallery, path) in checked.digests or _is_named(gallery, path):
        return None
    return Finding(
        place=gallery.name,
        kind=f"{kind.removesuffix('s')}_orphaned",
        detail=f"{name} belongs to no photo",
    )


def _repaired(
    gallery: Gallery,
    path: Path,
    finding: Finding,
    refusal: str | None,
    checked: RowsChecked,
    options: Options,
) -> Finding:
    """Delete a temporary file, or put another file away, if that is allowed. Return what became of it."""
    if not options.repair or (checked.damaged and finding.kind != "temporary_file"):
        return finding
    if refusal is not None:
        return replace(finding, detail=f"{finding.detail}; not moved: {refusal}")
    if finding.kind == "temporary_file":
        return after_repair(finding, partial(delete, path))
    return after_repair(finding, partial(_put_away, gallery, path))


def _is_named(gallery: Gallery, path: Path) -> bool:
    """Return whether a row names this file now."""
    with gallery.database.reading() as connection:
        return _has_row(connection, _digest(gallery, path))


def _has_row(connection: Connection, digest: str | None) -> bool:
    """Return whether the gallery has the photo with this SHA-256."""
    query = "SELECT 1 FROM photos WHERE sha256 = ?"
    return digest is not None and connection.execute(query, (digest,)).fetchone() is not None


def _entries(folder: Path) -> list[Path]:
    """Return what is in the folders of `photos/` or `thumbnails/`, and the files beside these folders.

    Links to folders are not followed.
    """
    beside = sorted(folder.glob("*"))
    folders = [path for path in beside if path.is_dir() and not path.is_symlink()]
    stray = [path for path in beside if not path.is_dir()]
    return sorted([*stray, *(path for each in folders for path in each.glob("*"))])


def _linked(folder: Path) -> list[Path]:
    """Return the links to folders in `photos/` or `thumbnails/`."""
    return sorted(path for path in folder.glob("*") if path.is_symlink() and path.is_dir())


def _digest(gallery: Gallery, path: Path) -> str | None:
    """Return the SHA-256 in the path of a picture or thumbnail. None if no photo has a file at this path."""
    files = PhotoFiles(gallery.folder)
    if path in (files.picture(path.name), files.thumbnail(path.stem)):
        digest = path.name if path == files.picture(path.name) else path.stem
        return digest if digest.isascii() else None  # SQLite cannot compare names that are not UTF-8
    return None


def _put_away(gallery: Gallery, path: Path) -> bool:
    """Move an orphaned file to the quarantine, or delete it if it is a thumbnail that this program made.

    Returns:
        False if a row names the file now.
    """
    with gallery.database.transaction() as connection:  # nobody can add the photo during this block
        if _has_row(connection, _digest(gallery, path)) or not is_old(path):
            return False
        if THUMBNAIL.fullmatch(path.name) and path == PhotoFiles(gallery.folder).thumbnail(path.stem):
            path.unlink(missing_ok=True)
        else:
            quarantine(gallery.folder, path)
    return True
