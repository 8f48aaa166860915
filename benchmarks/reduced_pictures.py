"""Compare embeddings of large pictures that were reduced while decoding with those of unreduced ones.

python -m benchmarks.reduced_pictures --data DIR [--pictures 8]

DIR has photographs. Each is enlarged to 5, 12 and 40 megapixels, saved as a file, and embedded twice: as the
service does it, and after decoding at full size. Cosines below 1 come from the reduction.
"""

import argparse
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from model.home import default_home
from model.images.decode import decode, read_picture
from model.inference import Inference
from model.presets import Side
from service.inference.pixels import decode_pixels, embed_pixels, prepare_pixels
from service.registry.loading import load
from service.registry.store import find_candidates

MEGAPIXELS = (5, 12, 40)
MAX_PIXELS = 45_000_000
KINDS: dict[str, dict[str, int | bool]] = {"JPEG": {"quality": 90}, "PNG": {"compress_level": 1}}


def enlarged(path: Path, megapixels: int) -> Image.Image:
    """Return a photograph enlarged to a number of megapixels."""
    image = read_picture(path)
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    size = round(image.width * scale), round(image.height * scale)
    return image.resize(size, Image.Resampling.BICUBIC)


def cosine(data: bytes, inference: Inference, side: Side) -> float:
    """Return the cosine of a file's embedding with and without the reduction."""
    reduced = decode_pixels(data, inference, side, max_pixels=MAX_PIXELS)
    whole = prepare_pixels(decode(data, max_pixels=MAX_PIXELS).picture, inference, side)
    first, second = embed_pixels(inference, side, [reduced, whole], drawn=False)
    return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with photographs")
    parser.add_argument("--pictures", type=int, default=8)
    options = parser.parse_args(arguments)
    paths = sorted(options.data.rglob("*.jpg"))
    paths = paths[:: max(1, len(paths) // options.pictures)][: options.pictures]
    store = default_home() / "checkpoints"
    table = Table("model", "format", "megapixels", "lowest cosine", "mean cosine")
    for name, candidates in find_candidates(store).items():
        inference = load(candidates[0], torch.device("cpu")).inference
        for megapixels in MEGAPIXELS:
            images = [enlarged(path, megapixels) for path in paths]
            for kind, save_options in KINDS.items():
                cosines = [cosine(_saved(image, kind, save_options), inference, "x") for image in images]
                lowest, mean = f"{min(cosines):.5f}", f"{np.mean(cosines):.5f}"
                table.add_row(name, kind, str(megapixels), lowest, mean)
    Console().print(table)


def _saved(image: Image.Image, kind: str, options: dict[str, int | bool]) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
