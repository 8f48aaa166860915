"""Pictures of drawings as people send them: sheets on desks, squared paper, fills, transparency, pale pens.

Each function takes a sketch (dark on white) and a random generator, and returns a picture.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from model.sketch.drawings.sheet import perspective, rectangle

Colour = tuple[float, float, float]
Pixels = NDArray[np.floating]
Picture = Callable[[Image.Image, np.random.Generator], Image.Image]

FRAME = 1200, 900
"""Width and height of a photo."""
PENS: tuple[Colour, ...] = ((0.1, 0.1, 0.12), (0.1, 0.15, 0.55), (0.25, 0.25, 0.27), (0.6, 0.08, 0.1))
PAPERS: tuple[Colour, ...] = ((0.96, 0.95, 0.92), (0.9, 0.9, 0.92), (0.95, 0.91, 0.8))


def brown_desk(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A sheet on a wooden desk, about 60 % of the frame."""
    return photo_of(_written(sketch, rng), _wood(rng, (0.42, 0.27, 0.15)), rng)


def dark_desk(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A sheet on a dark desk, in the light of a lamp at one side."""
    return photo_of(_written(sketch, rng), _wood(rng, (0.13, 0.12, 0.12)), rng, light=0.45)


def pale_desk(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A sheet on a pale grey desk."""
    return photo_of(_written(sketch, rng), _wood(rng, (0.66, 0.64, 0.61)), rng)


def cloth(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A sheet on a chequered tablecloth."""
    width, height = FRAME
    y, x = np.mgrid[0:height, 0:width] // int(rng.integers(40, 70))
    squares = np.where(((x + y) % 2)[..., None], (0.75, 0.2, 0.2), (0.85, 0.82, 0.78))
    return photo_of(_written(sketch, rng), squares, rng)


def squared_scan(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A scan of squared paper."""
    return _picture(_written(sketch, rng, ruled="squared"))


def lined_scan(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A scan of lined paper with a red margin."""
    return _picture(_written(sketch, rng, ruled="lined"))


def squared_photo(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A photo of squared paper that fills the frame, a little askew."""
    sheet = _written(sketch, rng, ruled="squared")
    return photo_of(sheet, np.full((*FRAME[::-1], 3), 0.5), rng, zoom=2.0, angle=6.0)


def squared_on_desk(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A squared sheet on a wooden desk."""
    return photo_of(_written(sketch, rng, ruled="squared"), _wood(rng, (0.42, 0.27, 0.15)), rng)


def filled(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The drawing filled with solid black: its outer contour is closed, and everything in it is ink."""
    ink = ndimage.binary_closing(np.pad(_ink(sketch) > 0.5, 24), iterations=10)
    return _picture(1 - ndimage.binary_fill_holes(ink)[24:-24, 24:-24].astype(np.float32))


def small(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The drawing takes 6 % of the side of a large canvas."""
    side, place = 2400, int(0.06 * 2400)
    canvas = Image.new("L", (side, side), 255)
    drawn = sketch.convert("L").resize((place, place), Image.Resampling.LANCZOS)
    left, top = rng.integers(40, side - place - 40, 2).tolist()
    canvas.paste(drawn, (left, top))
    return canvas


def black_on_clear(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Black ink on transparency, whose hidden colour is black too."""
    return _on_transparency(sketch, 0)


def white_on_clear(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """White ink on transparency, whose hidden colour is white too."""
    return _on_transparency(sketch, 255)


def pale_pen(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A nearly white pen on white: 12 of 255 levels darker."""
    return _picture(1 - 12 / 255 * _ink(sketch))


def pencil(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A soft pencil on paper with a grain, in grey light."""
    ink = _ink(sketch, 800) * rng.uniform(0.2, 0.5, (800, 800))
    grain = ndimage.gaussian_filter(rng.normal(0, 0.05, (800, 800)), 1)
    return _compressed((0.82 - 0.5 * ink + grain)[..., None] * np.array((1, 0.98, 0.94)), rng)


def crumpled(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Creased paper: broad shadows of its folds."""
    folds = ndimage.gaussian_filter(rng.normal(0, 1, (800, 800)), 30)
    shade = 0.85 + 0.12 * folds / np.abs(folds).max()
    return _compressed((shade * (1 - 0.75 * _ink(sketch, 800)))[..., None] * np.array((1, 0.98, 0.93)), rng)


HARD: dict[str, Picture] = {
    "sheet on a brown desk": brown_desk,
    "sheet on a dark desk": dark_desk,
    "sheet on a pale desk": pale_desk,
    "sheet on a chequered cloth": cloth,
    "squared paper, scanned": squared_scan,
    "lined paper, scanned": lined_scan,
    "squared paper, photographed": squared_photo,
    "squared sheet on a desk": squared_on_desk,
    "solid fill": filled,
    "6 % of a large canvas": small,
    "black on transparency": black_on_clear,
    "white on transparency": white_on_clear,
    "nearly white pen": pale_pen,
    "pencil on grained paper": pencil,
    "creased paper": crumpled,
}


def photo_of(
    sheet: Pixels,
    desk: Pixels,
    rng: np.random.Generator,
    *,
    zoom: float = 1.0,
    angle: float = 15.0,
    light: float = 0.25,
) -> Image.Image:
    """Photograph a sheet that lies on a desk: turned, in perspective, in uneven light, with noise, as a JPEG.

    Args:
        sheet: its pixels, [h, w, 3] from 0 to 1.
        desk: pixels of the frame, [h, w, 3].
        rng: decides everything random.
        zoom: size of the sheet; 1 fills about 60 % of the frame.
        angle: largest turn of the sheet, in degrees.
        light: how much darker the darkest corner is.
    """
    width, height = FRAME
    half = 0.5 * np.sqrt(0.6 * width * height) * zoom * np.array([1.0, 1.0])
    turn = np.radians(rng.uniform(-angle, angle))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners += np.array([width, height]) / 2 + rng.uniform(-0.03, 0.03, (4, 2)) * width
    coefficients = perspective(corners, rectangle(sheet.shape[1], sheet.shape[0]))
    placed, whole = (
        _picture(pixels).transform(FRAME, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
        for pixels in (sheet, np.ones(sheet.shape[:2]))
    )
    mask = np.asarray(whole, np.float32)[..., None] / 255
    shadow = 1 - 0.35 * ndimage.gaussian_filter(np.roll(mask[..., 0], (8, 8), (0, 1)), 8)[..., None] * (
        1 - mask
    )
    scene = mask * np.asarray(placed, np.float32) / 255 + (1 - mask) * desk * shadow
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    direction = rng.uniform(0, 2 * np.pi)
    lit = (
        1
        - light / 2 * (1 + (x * np.cos(direction) + y * np.sin(direction)) / np.sqrt(2))
        - 0.06 * (x**2 + y**2)
    )
    lit = lit * rng.uniform(0.75, 1.0)
    return _compressed(ndimage.gaussian_filter(scene * lit[..., None], (0.8, 0.8, 0)), rng)


def _written(sketch: Image.Image, rng: np.random.Generator, ruled: str | None = None) -> Pixels:
    """A sheet of paper with the sketch, [900, 900, 3]; the drawing leaves a margin."""
    side, margin = 900, 90
    sheet = np.ones((side, side, 3)) * np.array(PAPERS[rng.integers(len(PAPERS))])
    if ruled:
        gap = int(rng.integers(28, 44))
        line = np.zeros((side, side), np.float32)
        line[int(rng.integers(gap)) :: gap] = 1
        if ruled == "squared":
            line[:, int(rng.integers(gap)) :: gap] = 1
        line = ndimage.maximum_filter(line, 2) * rng.uniform(0.3, 0.75)
        sheet = sheet * (1 - line[..., None]) + line[..., None] * np.array((0.55, 0.65, 0.8))
        if ruled == "lined":
            sheet[:, 70:73] = (0.85, 0.45, 0.45)
    ink = np.pad(_ink(sketch, side - 2 * margin), margin)[..., None]
    written: Pixels = sheet * (1 - 0.9 * ink) + 0.9 * ink * np.array(PENS[rng.integers(len(PENS))])
    return written


def _wood(rng: np.random.Generator, colour: Colour) -> Pixels:
    """A desk with a grain along its length, [h, w, 3]."""
    width, height = FRAME
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (height, width)), (1.5, 60))
    board = ndimage.gaussian_filter(rng.normal(0, 1, (height, 1)), (25, 0))
    texture = 0.12 * grain / grain.std() + 0.1 * board / board.std()
    desk: Pixels = np.clip(np.array(colour) * (1 + texture[..., None]), 0, 1)
    return desk


def _ink(sketch: Image.Image, side: int | None = None) -> NDArray[np.float32]:
    grey = sketch.convert("L")
    if side is not None:
        grey = grey.resize((side, side), Image.Resampling.BICUBIC)
    return 1 - np.asarray(grey, np.float32) / np.float32(255)


def _on_transparency(sketch: Image.Image, level: int) -> Image.Image:
    alpha = _picture(_ink(sketch))
    return Image.merge("LA", (Image.new("L", sketch.size, level), alpha)).convert("RGBA")


def _picture(pixels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray((255 * np.clip(pixels, 0, 1)).round().astype(np.uint8))


def _compressed(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """A photo's noise, and a JPEG of quality 80."""
    file = io.BytesIO()
    _picture(pixels + rng.normal(0, 0.02, pixels.shape)).save(file, "JPEG", quality=80)
    return Image.open(file)


def sheet_of(rows: list[list[Image.Image]], side: int = 150) -> Image.Image:
    """Pictures in rows and columns, each fitted into a square."""
    whole = Image.new("RGB", (side * max(map(len, rows)), side * len(rows)), "white")
    pen = ImageDraw.Draw(whole)
    for down, row in enumerate(rows):
        for right, picture in enumerate(row):
            small = picture.convert("RGBA")
            small.thumbnail((side - 6, side - 6))
            whole.paste(small, (right * side + 3, down * side + 3), small)
            pen.rectangle(
                (right * side, down * side, right * side + side - 1, down * side + side - 1), outline="#ddd"
            )
    return whole
