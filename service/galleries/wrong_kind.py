"""Folders in the place of a gallery's files, files in the place of its folders, and links to themselves."""

from errno import EEXIST, EISDIR, ELOOP, ENOTDIR, ENOTEMPTY

from service.errors import GalleryDamaged

WRONG_KIND = frozenset({EEXIST, EISDIR, ELOOP, ENOTDIR, ENOTEMPTY})
"""Error numbers of the system in these cases."""


def wrong_kind_error(error: BaseException, gallery: str) -> GalleryDamaged | None:
    """Return the service error if an error of the system comes from such a thing, otherwise None."""
    if not isinstance(error, OSError) or error.errno not in WRONG_KIND:
        return None
    return GalleryDamaged(
        f"something else is in the place of a file or a folder of gallery {gallery!r} ({error.strerror});"
        f" run `iiae fsck {gallery}`, and move away what it names"
    )
