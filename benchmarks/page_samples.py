"""Render the page's samples of house fronts: the photos that the model was trained on may not be shipped.

python -m benchmarks.page_samples service/web/samples/facades
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 256
DRAWN = 4 * SIDE
"""Width and height of the drawing before it is reduced."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class HouseFront:
    """Colours of a house front, and its number of floors and of windows on each floor."""

    wall: Colour
    trim: Colour
    floors: int
    windows: int
    bricks: bool
    seed: int


FRONTS = {
    "plaster": HouseFront(
        wall=(214, 178, 120), trim=(236, 222, 194), floors=3, windows=4, bricks=False, seed=1
    ),
    "bricks": HouseFront(wall=(142, 78, 60), trim=(206, 196, 180), floors=3, windows=3, bricks=True, seed=2),
}


def render(front: HouseFront) -> Image.Image:
    """Return the front in daylight from above, with some grain."""
    rng = np.random.default_rng(front.seed)
    image = Image.new("RGB", (DRAWN, DRAWN), front.wall)
    draw = ImageDraw.Draw(image)
    if front.bricks:
        _lay_bricks(draw, front.wall, rng)
    cornice, base = DRAWN // 12, DRAWN * 15 // 16
    draw.rectangle((0, 0, DRAWN, cornice), fill=front.trim)
    draw.rectangle((0, cornice, DRAWN, cornice + 26), fill=_darker(front.wall, 0.45))
    draw.rectangle((0, base, DRAWN, DRAWN), fill=_darker(front.wall, 0.55))
    height, width = (base - cornice) / front.floors, DRAWN / front.windows
    for floor in range(front.floors):
        top = cornice + floor * height
        if floor > 0:
            draw.rectangle((0, top - 10, DRAWN, top + 8), fill=front.trim)
            draw.rectangle((0, top + 8, DRAWN, top + 16), fill=_darker(front.wall, 0.6))
        for column in range(front.windows):
            middle = (column + 0.5) * width
            is_door = floor == front.floors - 1 and column == front.windows // 2
            if is_door:
                _hang_door(draw, front, middle, top + 0.25 * height, base)
            else:
                _set_window(draw, front, middle, top + 0.24 * height, 0.56 * height, rng)
    light = np.linspace(1.06, 0.86, DRAWN)[:, None, None]
    soft = rng.normal(0, 1, (48, 48, 1)).astype(np.float32).repeat(3, axis=2)
    stains = np.stack([np.asarray(Image.fromarray(soft[..., 0]).resize((DRAWN, DRAWN)))] * 3, axis=-1)
    grain = rng.normal(0, 7, (DRAWN, DRAWN, 1))
    pixels = np.asarray(image) * light * (1 + 0.03 * stains) + grain
    lit = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return lit.filter(ImageFilter.GaussianBlur(2)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _lay_bricks(draw: ImageDraw.ImageDraw, wall: Colour, rng: np.random.Generator) -> None:
    for row, y in enumerate(range(0, DRAWN, 18)):
        for x in range(-48 + 24 * (row % 2), DRAWN, 48):
            draw.rectangle((x, y, x + 44, y + 15), fill=_darker(wall, float(rng.uniform(0.82, 1.15))))


def _set_window(
    draw: ImageDraw.ImageDraw,
    front: HouseFront,
    middle: float,
    top: float,
    height: float,
    rng: np.random.Generator,
) -> None:
    half = 0.27 * height if front.windows > 3 else 0.36 * height
    left, right, bottom = middle - half, middle + half, top + height
    draw.rectangle((left - 16, top - 18, right + 16, bottom + 6), fill=front.trim)
    draw.rectangle((left - 22, bottom + 6, right + 22, bottom + 20), fill=front.trim)
    draw.rectangle((left - 22, bottom + 20, right + 22, bottom + 30), fill=_darker(front.wall, 0.5))
    glass = float(rng.uniform(0.7, 1.1))
    for y in range(int(top), int(bottom)):
        sky = 1 - 0.55 * (y - top) / height
        draw.line((left, y, right, y), fill=_darker((86, 100, 116), sky * glass))
    draw.rectangle((left, top, right, top + 14), fill=(30, 30, 34))
    for x in (left, middle, right):
        draw.line((x, top, x, bottom), fill=(228, 224, 214), width=8)
    draw.line((left, top + 0.35 * height, right, top + 0.35 * height), fill=(228, 224, 214), width=8)


def _hang_door(
    draw: ImageDraw.ImageDraw, front: HouseFront, middle: float, top: float, bottom: float
) -> None:
    draw.rectangle((middle - 86, top - 20, middle + 86, bottom), fill=front.trim)
    draw.rectangle((middle - 66, top, middle + 66, bottom), fill=(62, 44, 34))
    draw.rectangle((middle - 66, top, middle + 66, top + 40), fill=(70, 80, 92))
    draw.line((middle, top + 40, middle, bottom), fill=(34, 24, 18), width=8)


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, round(factor * part)) for part in colour)
    return red, green, blue


def main() -> None:
    """Write the samples."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, front in FRONTS.items():
        render(front).save(folder / f"{name}.webp", quality=80)


if __name__ == "__main__":
    main()
