"""A sheet of queries with their first hits, each framed green if it is right and red if it is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

TILE, FRAME, GAP = 64, 3, 14
"""Side of a picture, width of its frame, and the gap between columns of queries, in pixels."""
RIGHT, WRONG, QUERY = (22, 140, 60), (215, 60, 60), (190, 190, 190)


@dataclass(frozen=True)
class Row:
    """A query and its first hits.

    Attributes:
        query: the drawing.
        hits: the first pictures that the search returns, and whether each is right.
    """

    query: Image.Image
    hits: Sequence[tuple[Image.Image, bool]]


def contact_sheet(rows: Sequence[Row], columns: int = 2) -> Image.Image:
    """Draw queries in some columns, each followed by its hits."""
    per_column = -(-len(rows) // columns)
    cell = TILE + 2 * FRAME
    wide = cell * (1 + max(len(row.hits) for row in rows))
    sheet = Image.new("RGB", (columns * wide + (columns - 1) * GAP, per_column * cell), "white")
    for number, row in enumerate(rows):
        left, top = number // per_column * (wide + GAP), number % per_column * cell
        _paste(sheet, row.query, left, top, QUERY)
        for place, (hit, right) in enumerate(row.hits, 1):
            _paste(sheet, hit, left + place * cell, top, RIGHT if right else WRONG)
    return sheet


def _paste(
    sheet: Image.Image, picture: Image.Image, left: int, top: int, colour: tuple[int, int, int]
) -> None:
    side = TILE + 2 * FRAME
    ImageDraw.Draw(sheet).rectangle((left, top, left + side - 2, top + side - 2), outline=colour, width=2)
    sheet.paste(picture.convert("RGB").resize((TILE, TILE)), (left + FRAME, top + FRAME))
