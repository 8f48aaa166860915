"""Training reads a file exactly as the service does, whatever its form."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from model.iiae_inference import IIAEInference
from model.presets import PRESETS, Side
from model.sketch.pictures import decode
from service.inference.pixels import decode_pixels

SIZE = PRESETS["sketchy"].image_size


def shape() -> Image.Image:
    """A picture with no symmetry, so that turning it shows."""
    picture = Image.new("L", (300, 200), 255)
    pen = ImageDraw.Draw(picture)
    pen.line((20, 20, 20, 180, 250, 180), 0, 5)
    pen.ellipse((150, 40, 220, 100), outline=0, width=5)
    return picture


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def on_transparency(level: int) -> Image.Image:
    ink = Image.eval(shape(), lambda value: 255 - value)
    return Image.merge("LA", (Image.new("L", ink.size, level), ink)).convert("RGBA")


def turned_by_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(shape(), "JPEG", exif=exif, quality=95)


def deep() -> bytes:
    levels = np.asarray(shape(), np.uint16) * 257
    return saved(Image.fromarray(levels))


FILES = {
    "plain.png": saved(shape()),
    "black ink on transparency.png": saved(on_transparency(0)),
    "white ink on transparency.png": saved(on_transparency(255)),
    "16 bits.png": deep(),
    "turned by EXIF.jpg": turned_by_exif(),
    "palette with transparency.gif": saved(shape().convert("P"), "GIF", transparency=0),
    "large.jpg": saved(shape().resize((3000, 2000)), "JPEG", quality=90),
    "lossy.webp": saved(shape().convert("RGB"), "WEBP", quality=70),
}


@pytest.fixture
def inference() -> IIAEInference:
    prepared = IIAEInference.__new__(IIAEInference)  # only the preset decides how pictures are prepared
    prepared.preset = PRESETS["sketchy"]
    return prepared


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("side", ["x", "y"])
def test_training_and_serving_give_the_same_pixels(
    tmp_path: Path, inference: IIAEInference, name: str, side: Side
):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    served = decode_pixels(FILES[name], inference, side, max_pixels=40_000_000)
    (trained,) = decode([(path, "thing")], ("thing",), SIZE, drawings=side == "y").batches(1)
    torch.testing.assert_close(trained[0], served, rtol=0, atol=1e-6)
    torch.testing.assert_close(inference.read(path, side), served, rtol=0, atol=0)


@pytest.mark.parametrize(
    "name", ["white ink on transparency.png", "16 bits.png", "black ink on transparency.png"]
)
def test_the_same_drawing_in_another_form_gives_the_same_strokes(tmp_path: Path, name: str):
    for other in (name, "plain.png"):
        (tmp_path / other).write_bytes(FILES[other])
    files = [(tmp_path / other, "thing") for other in (name, "plain.png")]
    one, plain = decode(files, ("thing",), SIZE, drawings=True).pixels[:].astype(int)
    assert np.abs(one - plain).mean() < 1


def test_a_drawing_turned_by_exif_is_upright(tmp_path: Path):
    (tmp_path / "turned.jpg").write_bytes(FILES["turned by EXIF.jpg"])
    shape().rotate(-90, expand=True).save(tmp_path / "upright.png")
    files = [(tmp_path / name, "thing") for name in ("turned.jpg", "upright.png")]
    turned, upright = decode(files, ("thing",), SIZE, drawings=True).pixels[:].astype(int)
    assert np.abs(turned - upright).mean() < 2
