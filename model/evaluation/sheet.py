"""Sheets of pictures with text: columns under their heads, titles, and sheets beside or below each other.

A sheet is an RGB picture on white. Text is centred above what it names. It grows with the pictures, so that a
sheet can be shown at any size.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from model.pictures import picture

GAP = 2
"""Pixels between pictures."""
SMALLEST_TILE = 64
"""Smaller pictures are enlarged by a whole number to at least this side."""
SMALLEST_TEXT, LEAST_TEXT = 13, 9
"""Size of the text above small pictures, and of text that would be too wide otherwise."""
ARROW = " → "
"""Drawn with lines, because Pillow's font has no arrow."""


def tile(pixels: Tensor) -> Image.Image:
    """Return pixels [3, s, s] in [-1, 1] as a picture for a sheet."""
    image = picture(pixels)
    scale = -(-SMALLEST_TILE // image.width)
    return image if scale == 1 else image.resize((scale * image.width,) * 2, Image.Resampling.NEAREST)


def text_size(width: int) -> int:
    """Return the size of the text above pictures of this width."""
    return max(SMALLEST_TEXT, width // 6)


def line_height(size: int) -> int:
    """Return the height of a line of text of this size."""
    return size * 3 // 2


def columns(heads: Sequence[str], rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Arrange square pictures of one size in rows, with a head above each column.

    Args:
        heads: the heads of the columns.
        rows: at most as many pictures each as there are heads; at least one row.
    """
    side = rows[0][0].width
    step, size = side + GAP, text_size(side)
    top = line_height(size)
    sheet = Image.new("RGB", (step * len(heads) - GAP, top + step * len(rows) - GAP), "white")
    for x, head in enumerate(heads):
        _write(sheet, head, (x * step, 0, x * step + side, top), size)
    for y, row in enumerate(rows):
        for x, each in enumerate(row):
            sheet.paste(each, (x * step, top + y * step))
    return sheet


def titled(title: str, sheet: Image.Image, size: int) -> Image.Image:
    """Return a sheet under a title, which a thin line underlines."""
    top = line_height(size) + 3 * GAP
    whole = Image.new("RGB", (sheet.width, top + sheet.height), "white")
    _write(whole, title, (0, 0, sheet.width, line_height(size)), size)
    rule = line_height(size) + GAP // 2
    ImageDraw.Draw(whole).line((0, rule, sheet.width - 1, rule), fill=(170, 170, 170))
    whole.paste(sheet, (0, top))
    return whole


def note(text: str, width: int, size: int) -> Image.Image:
    """Return a sheet of this width that has a line of text only."""
    sheet = Image.new("RGB", (width, 2 * line_height(size)), "white")
    _write(sheet, text, (0, 0, width, sheet.height), size)
    return sheet


def beside(sheets: Sequence[Image.Image], gap: int) -> Image.Image:
    """Place sheets from left to right, aligned at the top."""
    width = sum(sheet.width + gap for sheet in sheets) - gap
    whole = Image.new("RGB", (width, max(sheet.height for sheet in sheets)), "white")
    left = 0
    for sheet in sheets:
        whole.paste(sheet, (left, 0))
        left += sheet.width + gap
    return whole


def stacked(sheets: Sequence[Image.Image], gap: int) -> Image.Image:
    """Place sheets from top to bottom, aligned on the left."""
    height = sum(sheet.height + gap for sheet in sheets) - gap
    whole = Image.new("RGB", (max(sheet.width for sheet in sheets), height), "white")
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height + gap
    return whole


def _write(sheet: Image.Image, text: str, box: tuple[int, int, int, int], size: int) -> None:
    """Write text in the middle of a box: smaller if it is too wide, and shortened if it still is."""
    left, top, right, bottom = box
    while size > LEAST_TEXT and _width(text, size) > right - left:
        size -= 1
    short = text
    while short and _width(text, size) > right - left:
        short = short[:-1]
        text = f"{short}…"
    x, y = (left + right - _width(text, size)) / 2, (top + bottom) / 2
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size)
    for index, part in enumerate(text.split(ARROW)):
        if index:
            _arrow(draw, x, y, size)
            x += 2 * size
        draw.text((x, y), part, "black", font, anchor="lm")
        x += font.getlength(part)


def _width(text: str, size: int) -> float:
    """Return the width of text in pixels; an arrow is as wide as two letters' heights."""
    parts, font = text.split(ARROW), ImageFont.load_default(size)
    return sum(font.getlength(part) for part in parts) + 2 * size * (len(parts) - 1)


def _arrow(draw: ImageDraw.ImageDraw, x: float, y: float, size: int) -> None:
    """Draw an arrow to the right, in the middle of two letters' heights that begin at x."""
    start, end, head = x + 0.45 * size, x + 1.55 * size, 0.3 * size
    width = max(1, size // 12)
    draw.line((start, y, end, y), fill="black", width=width)
    for tip in (y - head, y + head):
        draw.line((end - head, tip, end, y), fill="black", width=width)
