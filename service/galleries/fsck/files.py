"""Check the pictures and thumbnails of a gallery against its rows."""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from model.regular_file import read_regular
from service.errors import GalleryNotFound, ServiceError
from service.galleries.checksums import checksum
from service.galleries.files import PhotoFiles
from service.galleries.fsck.finding import (
    Finding,
    Options,
    after_repair,
    not_checked,
)
from service.galleries.fsck.own_folder import folder_use
from service.galleries.fsck.rows import photo_pages
from service.galleries.gallery import Gallery
from service.galleries.records import Photo
from service.galleries.rows import PhotoRows
from service.images.decode import AGAIN, decode
from service.images.encode import thumbnail

CHUNK = 1 << 20


def check_files(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield the findings about the picture and the thumbnail of each photo."""
    refusal = folder_use(gallery.folder, "thumbnails").reason
    for page in photo_pages(gallery.database):
        for _, photo in page:
            if photo is None:
                continue
            try:
                yield from _check_photo(gallery, photo, refusal, options)
            except GalleryNotFound:
                raise
            except Exception as error:
                yield not_checked(gallery.name, f"the files of photo {photo.id}", error)


def _check_photo(gallery: Gallery, photo: Photo, refusal: str | None, options: Options) -> Iterator[Finding]:
    """Yield the findings about the files of one photo.

    Args:
        refusal: why thumbnails are not made again. None if they are.
    """
    files = PhotoFiles(gallery.folder)
    path = photo.file or files.picture(photo.sha256)
    problem = "is elsewhere" if photo.is_elsewhere else None
    if problem is None:
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
        if may_repair and refusal is not None:
            finding = replace(finding, detail=f"{finding.detail}; not repaired: {refusal}")
        elif may_repair:
            finding = after_repair(finding, lambda: _remake(gallery, photo, path, small))
        yield finding


def _check_picture(
    gallery: Gallery, photo: Photo, path: Path, options: Options
) -> Generator[Finding, None, str | None]:
    """Yield a finding if the picture of a photo is not intact. Return what is wrong with it, or None."""
    problem = _picture_problem(path, photo.sha256, options)
    if problem is not None and _still_there(gallery, photo):
        remedy = "restore the file"
        if photo.source is not None:
            remedy += f", or run `iiae sync {gallery.name}` if you changed the folder"
        yield Finding(
            place=gallery.name,
            kind="picture_missing" if problem == "is missing" else "picture_changed",
            detail=f"the picture of photo {photo.id} {problem}: {path}; {remedy}",
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
        with decode(data, max_pixels=AGAIN * photo.width * photo.height).picture as image:
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
