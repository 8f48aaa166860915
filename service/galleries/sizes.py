"""Correct the sizes of photos that an earlier version took before it turned pictures upright.

Their width and height are swapped. A migration notes in `meta` that there may be such rows. The next sync or
reindex of the gallery corrects them, once. The thumbnail was always upright, so it tells; if it is lost or
square, the picture's header does.
"""

from contextlib import suppress

from model.images.decode import read_size
from model.images.errors import PictureError
from service.errors import ServiceError
from service.galleries.gallery import Gallery
from service.galleries.migrations import SIZES_KEY
from service.galleries.records import Photo
from service.galleries.schema import read_meta

PAGE = 500
"""Photos that are compared at a time, and corrected in one transaction."""


def correct_sizes(gallery: Gallery) -> int:
    """Swap width and height of photos that have them the wrong way. Return their number. Blocks.

    Does nothing in a gallery that was corrected, or that a present version made.
    """
    with gallery.database.reading() as connection:
        if SIZES_KEY not in read_meta(connection):
            return 0
    corrected, after = 0, 0
    while page := gallery.page(after, PAGE):
        after = page[-1].id
        wrong = [photo for photo in page if _is_swapped(gallery, photo)]
        if wrong:
            with gallery.storing([]) as transaction:
                for photo in wrong:
                    corrected += transaction.resize(photo.id, photo.height, photo.width)
    with gallery.database.transaction() as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (SIZES_KEY,))
    return corrected


def _is_swapped(gallery: Gallery, photo: Photo) -> bool:
    if photo.width == photo.height:
        return False
    width, height = _thumbnail_size(gallery, photo)
    if width == height:
        width, height = _picture_size(gallery, photo)
    return (width > height and photo.width < photo.height) or (width < height and photo.width > photo.height)


def _thumbnail_size(gallery: Gallery, photo: Photo) -> tuple[int, int]:
    """Return the size of a photo's thumbnail, or zeros if it is lost."""
    with suppress(PictureError):
        if (thumbnail := gallery.thumbnail(photo)) is not None:
            return read_size(thumbnail)
    return 0, 0


def _picture_size(gallery: Gallery, photo: Photo) -> tuple[int, int]:
    """Return the size of a photo's picture, or zeros if its file is lost, has changed or cannot be read."""
    with suppress(OSError, PictureError, ServiceError), gallery.picture(photo) as file:
        size = read_size(file.read())
        if sorted(size) == sorted((photo.width, photo.height)):
            return size
    return 0, 0
