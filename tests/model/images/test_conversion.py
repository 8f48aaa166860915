"""Pictures converted in strips equal pictures converted at once."""

import numpy as np
import pytest
from PIL import Image

from model.images import conversion
from model.images.conversion import BLACK, WHITE, paper_for, to_rgb, upright

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (101, 67, 3), dtype=np.uint8))
MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16"]


def picture(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.random.default_rng(0).integers(0, 65_536, (101, 67), dtype=np.uint16))
    image = NOISE.convert(mode)
    if mode in {"LA", "RGBA"}:
        image.putalpha(Image.linear_gradient("L").resize(NOISE.size))
    return image


@pytest.mark.parametrize("strip", [1, 500, 67 * 101])
@pytest.mark.parametrize("factor", [1, 2, 3, 7])
@pytest.mark.parametrize("mode", MODES)
def test_strips_do_not_change_a_pixel(mode, factor, strip, monkeypatch):
    image = picture(mode)
    whole = to_rgb(image)
    expected = whole.reduce(factor) if factor > 1 else whole
    monkeypatch.setattr(conversion, "STRIP", strip)
    assert np.array_equal(np.asarray(to_rgb(image, factor)), np.asarray(expected))


def test_an_rgb_picture_is_not_copied():
    assert to_rgb(NOISE) is NOISE


def test_a_transparent_colour_becomes_white_in_every_strip(monkeypatch):
    monkeypatch.setattr(conversion, "STRIP", 1)
    image = Image.new("P", (5, 5), 3)
    image.putpalette(bytes(768))
    image.info["transparency"] = 3
    assert to_rgb(image).getcolors() == [(25, (255, 255, 255))]


def test_an_unknown_orientation_is_upright():
    assert upright(NOISE, 1) is NOISE
    assert upright(NOISE, 6).size == (101, 67)


def drawing(*levels: int, clear: bool = True) -> Image.Image:
    """Stripes of some brightnesses; between them it is transparent."""
    picture = Image.new("LA", (20 * len(levels), 30), (0, 0 if clear else 255))
    for number, level in enumerate(levels):
        picture.paste((level, 255), (20 * number, 0, 20 * number + 8, 30))
    return picture.convert("RGBA")


def test_only_light_ink_of_one_brightness_lies_on_black():
    assert paper_for(drawing(255)) == paper_for(drawing(230, 250)) == BLACK
    assert paper_for(drawing(0)) == paper_for(drawing(60)) == WHITE
    assert paper_for(drawing(0, 255, 255, 255)) == WHITE  # a white shape with a black outline
    assert paper_for(drawing(255, clear=False)) == WHITE
    assert paper_for(Image.new("RGB", (9, 9), "white")) == WHITE
