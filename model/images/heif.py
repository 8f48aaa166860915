"""Decode the main picture of a HEIF (HEIC) file with less memory than its plugin takes."""

from typing import TYPE_CHECKING

from pi_heif import HeifImageFile

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess


class MainPicture(HeifImageFile):
    """A HEIF whose main picture is decoded. Then the decoder is freed; the plugin keeps it for others."""

    def load(self) -> "PixelAccess | None":
        try:
            loaded: PixelAccess | None = super().load()
        except RuntimeError as error:  # libheif's own errors
            raise OSError(str(error)) from error
        self._heif_file = None
        return loaded
