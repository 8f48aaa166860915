"""The pictures that the recorded requests upload: files of the repository, and pictures drawn here."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "service/web/samples"

Upload = tuple[str, bytes, str]
"""A file of a multipart form: its name, content and media type."""
Colour = tuple[int, int, int]
Points = list[tuple[int, int]]

FISH: Points = [(30, 128), (80, 80), (150, 80), (200, 128), (240, 90), (240, 166)]
FISH += [(200, 128), (150, 176), (80, 176)]


def sample(name: str) -> Upload:
    """One of the page's sample pictures."""
    return Path(name).name, (SAMPLES / name).read_bytes(), "image/webp"


def umbrella() -> Upload:
    """The sketch of the README."""
    return "umbrella.png", (ROOT / "docs/umbrella.png").read_bytes(), "image/png"


def png(name: str, image: Image.Image) -> Upload:
    encoded = BytesIO()
    image.save(encoded, "PNG")
    return f"{name}.png", encoded.getvalue(), "image/png"


def blank_sketch() -> Upload:
    return png("blank", Image.new("RGB", (64, 64), "white"))


def house_sketch() -> Upload:
    outline = [(50, 120), (50, 220), (206, 220), (206, 120), (50, 120), (128, 50), (206, 120)]
    door = [(110, 220), (110, 160), (146, 160), (146, 220)]
    return png("house", _draw_strokes(outline, door))


def fish_sketch() -> Upload:
    body = [(30, 128), (80, 80), (150, 80), (200, 128), (150, 176), (80, 176), (30, 128)]
    tail = [(200, 128), (240, 90), (240, 166), (200, 128)]
    eye = [(66, 118), (70, 122)]
    return png("fish", _draw_strokes(body, tail, eye))


def _draw_strokes(*strokes: Points) -> Image.Image:
    paper = Image.new("RGB", (256, 256), "white")
    for stroke in strokes:
        ImageDraw.Draw(paper).line(stroke, fill="black", width=4)
    return paper


Shape = Callable[[ImageDraw.ImageDraw, Colour], None]
SHAPES: dict[str, Shape] = {
    "disc": lambda pen, fill: pen.ellipse((40, 40, 216, 216), fill=fill),
    "square": lambda pen, fill: pen.rectangle((50, 50, 206, 206), fill=fill),
    "house": lambda pen, fill: pen.polygon(
        [(50, 120), (128, 50), (206, 120), (206, 220), (50, 220)], fill=fill
    ),
    "fish": lambda pen, fill: pen.polygon(FISH, fill=fill),
    "bar": lambda pen, fill: pen.rectangle((20, 110, 236, 146), fill=fill),
    "triangle": lambda pen, fill: pen.polygon([(128, 40), (220, 210), (36, 210)], fill=fill),
}


def coloured_shapes() -> list[Upload]:
    """One photo of each shape, in one colour on a background of soft noise."""
    return [png(name, _coloured(shape, seed)) for seed, (name, shape) in enumerate(SHAPES.items())]


def _coloured(shape: Shape, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(150, 256, (256, 256, 3), dtype=np.uint8))
    red, green, blue = rng.integers(0, 140, 3).tolist()
    shape(ImageDraw.Draw(picture), (red, green, blue))
    return picture
