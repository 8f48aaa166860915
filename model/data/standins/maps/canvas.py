"""A picture to draw on in metres. It is drawn larger and reduced at the end, so edges are smooth."""

from collections.abc import Iterable

from PIL import Image, ImageDraw

from model.data.standins.maps.town.plan import SIDE
from model.data.standins.maps.town.shapes import Points

LARGER = 3
"""The drawing's side, in sides of the finished picture."""

Colour = tuple[int, int, int]


class Canvas:
    """A drawing of a town's square.

    Args:
        size: side of the finished picture in pixels.
        colour: the ground's.
    """

    def __init__(self, size: int, colour: Colour) -> None:
        self.image = Image.new("RGB", (size * LARGER, size * LARGER), colour)
        self.draw = ImageDraw.Draw(self.image)
        self.scale = size * LARGER / SIDE

    def replace(self, image: Image.Image) -> None:
        """Go on drawing on another picture of the same size."""
        self.image = image
        self.draw = ImageDraw.Draw(image)

    def polygon(self, outline: Points, colour: Colour) -> None:
        self.draw.polygon(self._pixels(outline), fill=colour)

    def line(self, points: Points, colour: Colour, width: float = 0.0) -> None:
        """Draw a line at least one of the drawing's pixels wide."""
        self.draw.line(self._pixels(points), fill=colour, width=max(1, round(width * self.scale)))

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        x, y, radius = (x + SIDE / 2) * self.scale, (y + SIDE / 2) * self.scale, radius * self.scale
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def mask(self, outlines: Iterable[Points]) -> Image.Image:
        """Return a mask, 255 within the outlines and 0 elsewhere."""
        mask = Image.new("L", self.image.size)
        draw = ImageDraw.Draw(mask)
        for outline in outlines:
            draw.polygon(self._pixels(outline), fill=255)
        return mask

    def reduced(self) -> Image.Image:
        """Return the finished picture."""
        return self.image.reduce(LARGER)

    def _pixels(self, points: Points) -> list[float]:
        pixels: list[float] = ((points + SIDE / 2) * self.scale).ravel().tolist()
        return pixels


def tinted(colour: Colour, factor: float) -> Colour:
    """Return a colour made lighter or darker."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour)
    return red, green, blue
