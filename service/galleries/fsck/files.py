"""Check the pictures and thumbnails of a gallery against its rows, and find files that no row names."""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image

from model.regular_file import read_regular
from service.errors import GalleryNotFound, ServiceError
from service.galleries.checksums import checksum
from service.galleries.files import PhotoFiles
from service.galleries.fsck.finding import (
    FAILURES,
    Finding,
    Options,
    after_repair,
    delete,
    is_old,
    not_checked,
)
from service.galleries.fsck.quarantine import quarantine
from service.galleries.fsck.rows import RowsChecked, photo_pages
from service.galleries.gallery import Gallery
from service.galleries.own_names import PICTURE, THUMBNAIL, temporary
from service.galleries.records import Photo
from service.galleries.rows import PhotoRows
from service.galleries.schema import Connection
from service.images.decode import decode
from service.images.encode import thumbnail

CHUNK = 1 << 20
TEMPORARY = {"photos": temporary(PICTURE), "thumbnails": temporary(THUMBNAIL)}
"""Names of temporary files in these folders."""


def check_files(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield the findings about the picture and the thumbnail of each photo."""
    for page in photo_pages(gallery.database):
        for _, photo in page:
            if photo is None:
                continue
            try:
                yield from _check_photo(gallery, photo, options)
            except GalleryNotFound:
                raise
            except FAILURES as error:
                yield not_checked(gallery.name, f"the files of photo {photo.id}", error)


def check_orphans(gallery: Gallery, checked: RowsChecked, options: Options) -> Iterator[Finding]:
    """Yield a finding for each old file that no row names, and each left-over temporary file.

    If the row of a photo is damaged, its files look like orphans. Then nothing is moved or deleted.
    """
    may_repair = options.repair and not checked.damaged
    for kind in ("photos", "thumbnails"):
        for path in _entries(gallery.folder / kind):
            if not is_old(path):
                continue
            name = path.relative_to(gallery.folder)
            if TEMPORARY[kind].fullmatch(path.name) and not path.is_dir():
                finding = Finding(
                    place=gallery.name,
                    kind="temporary_file",
                    detail=f"{name} is left over from an interrupted write",
                )
                yield after_repair(finding, partial(delete, path)) if options.repair else finding
            elif _digest(gallery, path) not in checked.digests and not _is_named(gallery, path):
                finding = Finding(
                    place=gallery.name,
                    kind=f"{kind.removesuffix('s')}_orphaned",
                    detail=f"{name} belongs to no photo",
                )
                yield after_repair(finding, partial(_put_away, gallery, path)) if may_repair else finding


def _check_photo(gallery: Gallery, photo: Photo, options: Options) -> Iterator[Finding]:
    files = PhotoFiles(gallery.folder)
    path = files.picture(photo.sha256) if photo.source is None else Path(photo.source)
    problem = yield from _check_picture(gallery, photo, path, options)
    small = files.thumbnail(photo.sha256)
    small_problem = _thumbnail_problem(small, photo.thumbnail, options)
    if small_problem is not None and _still_there(gallery, photo):
        if options.repair and options.quick and problem is None:  # the repair needs an intact picture
            problem = yield from _check_picture(gallery, photo, path, replace(options, quick=False))
        finding = Finding(
            place=gallery.name,
            kind="thumbnail_damaged",
            detail=f"the thumbnail of photo {photo.id} {small_problem}",
        )
        may_repair = options.repair and problem is None
        yield after_repair(finding, lambda: _remake(gallery, photo, path, small)) if may_repair else finding


def _check_picture(
    gallery: Gallery, photo: Photo, path: Path, options: Options
) -> Generator[Finding, None, str | None]:
    """Yield a finding if the picture of a photo is not intact. Return what is wrong with it, or None."""
    problem = _picture_problem(path, photo.sha256, options)
    if problem is not None and _still_there(gallery, photo):
        yield Finding(
            place=gallery.name,
            kind="picture_missing" if problem == "is missing" else "picture_changed",
            detail=f"the picture of photo {photo.id} {problem}: {path}; restore the file",
        )
    return problem


def _picture_problem(path: Path, sha256: str, options: Options) -> str | None:
    """Return what is wrong with a picture file, or None."""
    if not path.is_file():
        return "is missing"
    if options.quick:
        return None
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if digest.hexdigest() == sha256 else "has changed (its SHA-256 differs)"


def _thumbnail_problem(path: Path, expected: bytes | None, options: Options) -> str | None:
    """Return what is wrong with a thumbnail, or None.

    Args:
        expected: its checksum. None if an earlier version stored it; then it must be a WebP that opens.
    """
    if not path.is_file():
        return "is missing"
    if options.quick:
        return None
    try:
        if expected is not None:
            return None if checksum(path.read_bytes()) == expected else "is damaged"
        with Image.open(path, formats=["WEBP"]) as image:
            image.load()
    except Exception as error:  # Pillow raises many kinds of errors for damaged files
        return f"cannot be decoded ({type(error).__name__})"
    return None


def _remake(gallery: Gallery, photo: Photo, picture: Path, small: Path) -> bool:
    """Make a thumbnail from an intact picture. False if that fails."""
    try:
        data = read_regular(picture)
        if hashlib.sha256(data).hexdigest() != photo.sha256:  # it has changed since it was checked
            return False
        with decode(data, max_pixels=photo.width * photo.height).picture as image:
            small_data = thumbnail(image)
    except (OSError, ServiceError):
        return False
    with PhotoRows(
        gallery.database
    ).transaction() as transaction:  # a removal waits, so it deletes the new file
        if not transaction.set_thumbnail(photo.id, checksum(small_data)):
            return False
        small.unlink(missing_ok=True)
        PhotoFiles(gallery.folder).write(photo.sha256, small_data, None)
    return True


def _still_there(gallery: Gallery, photo: Photo) -> bool:
    """Return whether the photo was not removed since its row was read."""
    with gallery.database.reading() as connection:
        query = "SELECT 1 FROM photos WHERE id = ? AND sha256 = ?"
        return connection.execute(query, (photo.id, photo.sha256)).fetchone() is not None


def _is_named(gallery: Gallery, path: Path) -> bool:
    """Return whether a row names this file now."""
    with gallery.database.reading() as connection:
        return _has_row(connection, _digest(gallery, path))


def _has_row(connection: Connection, digest: str | None) -> bool:
    """Return whether the gallery has the photo with this SHA-256."""
    query = "SELECT 1 FROM photos WHERE sha256 = ?"
    return digest is not None and connection.execute(query, (digest,)).fetchone() is not None


def _entries(folder: Path) -> list[Path]:
    """Return what is in the folders of `photos/` or `thumbnails/`, and the files beside these folders."""
    stray = [path for path in folder.glob("*") if path.is_symlink() or not path.is_dir()]
    return sorted([*stray, *folder.glob("*/*")])


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
