"""Decode the first frame of an AVIF with less memory than Pillow takes."""

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import AvifImagePlugin, ImageFile

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess


class FirstFrame(AvifImagePlugin.AvifImageFile):
    """An AVIF whose first frame is decoded. The decoder is freed before the frame is copied.

    The decoder holds up to 8 bytes per pixel. Pillow keeps it for further frames.
    """

    def load(self) -> "PixelAccess | None":
        if self.tile and self._decoder is not None:
            decoder, self._decoder = self._decoder, None
            self.fp = BytesIO(decoder.get_frame(0)[0])
        return ImageFile.ImageFile.load(self)
