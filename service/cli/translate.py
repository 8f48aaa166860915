"""`iiae translate`: translate a picture into a model's other domain."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.cli.options import check_picture_output
from model.images.formats import MAX_PIXELS
from model.inference import translate as translate_pixels
from model.pictures import picture
from service.cli.checkpoints import load_model
from service.cli.options import DEFAULT_HOME, Device, Home, MaxPixels
from service.inference.pixels import decode_pixels
from service.inference.translation import sample_styles


def translate(
    image: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The picture to translate.")],
    out: Annotated[
        Path, typer.Option(help="The PNG to write. Several samples are numbered: NAME-1.png, NAME-2.png, …")
    ],
    model: Annotated[str, typer.Option(help="A checkpoint's name or folder.")] = "facades",
    source: Annotated[
        str | None, typer.Option(help="Domain of the picture. Default: the model's first.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, max=16, help="Number of samples, each in its own style.")
    ] = 1,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed of the first sample. Sample i uses seed + i.")
    ] = 0,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Translate a picture into the model's other domain, without a server."""
    check_picture_output(out, "--out")
    loaded = load_model(home, model, device)
    loaded.require("translate")
    side = loaded.side(source)
    inference = loaded.inference
    pixels = decode_pixels(image.read_bytes(), inference, side, max_pixels=max_pixels)
    styles = sample_styles(inference.exclusive_size, seed, samples)
    translations = translate_pixels(inference, side, pixels.expand(samples, -1, -1, -1), styles)
    for number, translation in enumerate(translations, 1):
        path = out if samples == 1 else out.with_stem(f"{out.stem}-{number}")
        picture(translation).save(path)
        Console().print(f"wrote {path}", soft_wrap=True)
