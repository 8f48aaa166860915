"""Why a picture file cannot be read; the texts are written for the user."""

from model.errors import UserError


class PictureError(UserError):
    """A picture file cannot be read."""


class PictureUnreadable(PictureError):
    """The file is empty, truncated, damaged or not a picture."""


class PictureFormatUnsupported(PictureError):
    """The picture's format is not accepted."""


class PictureTooLarge(PictureError):
    """The picture has too many pixels."""
