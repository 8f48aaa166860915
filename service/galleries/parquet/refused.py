"""The error of a file that is not imported."""

from model.errors import UserError


class GalleryFileRefused(UserError):
    """A file is damaged, or is not the file of a gallery that this home can use. Nothing is imported."""
