"""Marks in the corner of a retrieved picture: right or wrong."""

from PIL import Image, ImageDraw

RIGHT, WRONG = (22, 140, 60), (200, 40, 40)
"""Colours of the marks."""
UNITS = 18
"""A mark's strokes are given on a square of this side."""
TICK = (((4, 9), (8, 13), (14, 5)),)
CROSS = (((5, 5), (13, 13)), ((13, 5), (5, 13)))


def mark_side(picture: int) -> int:
    """Return the side of the mark of a picture of this side."""
    return max(12, picture * 3 // 16)


def marked(picture: Image.Image, *, right: bool) -> Image.Image:
    """Return a copy of a picture with a mark in the lower right corner.

    The mark is a white tick on green or a white cross on red: the shape tells them apart without colour.
    """
    result = picture.copy()
    side = mark_side(picture.width)
    left, top = picture.width - side, picture.height - side
    draw = ImageDraw.Draw(result)
    draw.rectangle((left, top, picture.width - 1, picture.height - 1), fill=RIGHT if right else WRONG)
    scale = side / UNITS
    for line in TICK if right else CROSS:
        points = [(left + x * scale, top + y * scale) for x, y in line]
        draw.line(points, fill="white", width=max(2, round(2 * scale)))
    return result
