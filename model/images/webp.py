"""Decode the first frame of a WebP with less memory than Pillow takes."""

from PIL import WebPImagePlugin


class FirstFrame(WebPImagePlugin.WebPImageFile):
    """A WebP whose first frame is decoded. The decoder is freed before the frame is copied.

    The decoder holds two canvases of 4 bytes per pixel. Pillow keeps it for further frames, so its peak is 16
    bytes per pixel. Here it is 12.
    """

    def _get_next(self) -> tuple[bytes, int, int]:
        frame = super()._get_next()
        self._decoder = None
        return frame
