"""A small data set of Sketchy's form: coloured shapes as photos, outlines as sketches; network weights."""

import io
import math
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

from model import checkpoint
from model.sketch.backbone.efficientnet import FEATURES, IMAGENET_CLASSES
from model.sketch.drawings.normalise import CANVAS

CORNERS = {"bar": 4, "cross": 12, "diamond": 4, "disc": 40, "square": 4, "star": 10, "triangle": 3}
SIDE = 64


def circle_and_cross() -> Image.Image:
    """A drawing of a circle with a cross in it, and a short mark."""
    drawn = Image.new("L", (CANVAS, CANVAS), 255)
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((30, 30, 226, 226), outline=0, width=3)
    pen.line((70, 128, 186, 128), 0, 3)
    pen.line((128, 70, 128, 186), 0, 3)
    pen.line((20, 20, 40, 24), 0, 3)
    return drawn


def outline(name: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Corners of the named shape, with a random size, position and rotation."""
    turned = rng.uniform(-0.2, 0.2)
    x, y, size = rng.uniform(28, 36), rng.uniform(28, 36), rng.uniform(16, 24)
    if name in {"bar", "cross", "square"}:
        arm = {"bar": 0.25, "cross": 0.3, "square": 1.0}[name]
        corners = [(-1.0, -arm), (1.0, -arm), (1.0, arm), (-1.0, arm)]
        if name == "cross":
            corners = [
                (-arm, -1),
                (arm, -1),
                (arm, -arm),
                (1, -arm),
                (1, arm),
                (arm, arm),
                (arm, 1),
                (-arm, 1),
                (-arm, arm),
                (-1, arm),
                (-1, -arm),
                (-arm, -arm),
            ]
    else:
        count = CORNERS[name]
        reach = [0.4 if name == "star" and step % 2 else 1.0 for step in range(count)]
        corners = [
            (r * math.sin(2 * math.pi * step / count), -r * math.cos(2 * math.pi * step / count))
            for step, r in enumerate(reach)
        ]
    cos, sin = math.cos(turned), math.sin(turned)
    return [(x + size * (a * cos - b * sin), y + size * (a * sin + b * cos)) for a, b in corners]


def draw_shapes(folder: Path, classes: tuple[str, ...], count: int) -> Path:
    """Write `count` photos and sketches of each class."""
    for number, name in enumerate(classes):
        for kind in ("photo", "sketch"):
            (folder / kind / name).mkdir(parents=True)
        for index in range(count):
            rng = np.random.default_rng((number, index))
            noise = Image.fromarray(rng.integers(0, 100, (SIDE, SIDE, 3), dtype=np.uint8))
            ImageDraw.Draw(noise).polygon(
                outline(name, rng), fill=tuple(int(level) for level in rng.integers(120, 256, 3))
            )
            noise.save(folder / "photo" / name / f"{index}.jpg", quality=95)
            paper = Image.new("L", (SIDE, SIDE), 255)
            points = outline(name, rng)
            ImageDraw.Draw(paper).line([*points, points[0]], fill=0, width=2)
            paper.save(folder / "sketch" / name / f"{index}-1.png")
    return folder


def write_weights_wheel(folder: Path) -> tuple[str, Path]:
    """Write a wheel of the published form, with the shipped sketch model's network and a random classifier.

    Returns the network's name and the folder.
    """
    released = next(found for found in checkpoint.released() if found.name == "sketchy")
    manifest, _, backbone = checkpoint.load_parts(released)
    name = manifest.preset.require_sketch().backbone
    assert backbone is not None
    head = nn.Linear(FEATURES, IMAGENET_CLASSES)
    weights = io.BytesIO()
    torch.save(
        {**backbone.network.state_dict(), "_fc.weight": head.weight.detach(), "_fc.bias": head.bias.detach()},
        weights,
    )
    folder.mkdir(parents=True)
    with zipfile.ZipFile(
        folder / f"{name.replace('-', '_')}_pytorch_model-0.1.0-py2.py3-none-any.whl", "w"
    ) as archive:
        archive.writestr("model/weights.pth", weights.getvalue())
    return name, folder
