"""Compare a backbone's features in bfloat16 with those in float32, by the number of float32 blocks.

    python -m benchmarks.precision --data DIR

Prints the mean cosine between both features, for 100 sketches and 100 photos, after subtracting the mean
features. CPUs without bfloat16 arithmetic emulate it, with the same result.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name
from model import checkpoint
from model.data.sketchy import read_sketchy
from model.sketch.backbone import efficientnet
from model.sketch.backbone.backbone import Backbone
from model.sketch.pictures import Pictures, decode

FIRST_BLOCKS = (0, 1, 2, 4, 6, 9)


def main(
    data: Data,
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print the table."""
    folder = checkpoint.find(home / "checkpoints", name)
    preset = checkpoint.read_manifest(folder).preset
    catalogue = read_sketchy(data)
    sketches, photos = (
        decode(
            files[:: max(1, len(files) // 100)][:100], catalogue.classes, preset.image_size, drawings=drawings
        )
        for files, drawings in (
            (catalogue.sketches, preset.require_sketch().drawings),
            (catalogue.photos, False),
        )
    )
    exact = [pooled(_backbone(folder), pictures) for pictures in (sketches, photos)]
    table = Table(
        "first blocks in float32, after the stem",
        "sketches",
        "photos",
        title=f"{name}: cosine to the features in float32",
    )
    for blocks in FIRST_BLOCKS:
        efficientnet.PRECISE_BLOCKS = blocks
        rounded = _backbone(folder)
        rounded.network.convert(torch.bfloat16)
        cosines = [
            _cosine(pooled(rounded, pictures), features)
            for pictures, features in zip((sketches, photos), exact, strict=True)
        ]
        table.add_row(str(blocks), *(f"{value:.4f}" for value in cosines))
    Console(width=110).print(table)


def _backbone(folder: Path) -> Backbone:
    _, _, backbone = checkpoint.load_parts(folder)
    assert backbone is not None
    backbone.mirrored = False
    return backbone.eval().requires_grad_(False)


@torch.inference_mode()
def pooled(backbone: Backbone, pictures: Pictures) -> Tensor:
    """Pooled features, [n, 1280]."""
    return torch.cat([backbone.pooled(batch) for batch in pictures.batches(25)])


def _cosine(rounded: Tensor, exact: Tensor) -> float:
    return float(F.cosine_similarity(rounded - rounded.mean(0), exact - exact.mean(0)).mean())


if __name__ == "__main__":
    typer.run(main)
