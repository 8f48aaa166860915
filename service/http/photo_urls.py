"""The URLs of photos. A URL names a photo and the start of its SHA-256, so it never shows another picture.

A gallery can be deleted and made again, or restored from an older backup. Its ids then belong to other
pictures. Browsers keep the pictures of such a URL for a year, without asking the service again.
"""

from service.galleries.records import Photo

HASH_LENGTH = 12
"""Hexadecimal digits of the SHA-256 in a URL."""


def photo_url(gallery: str, photo: Photo) -> str:
    """Return the path of a photo's file."""
    return f"/galleries/{gallery}/photos/{photo.id}?v={photo.sha256[:HASH_LENGTH]}"
