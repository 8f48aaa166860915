"""The paper's pictures of an image model: translations (Table 7) and analogies (Table 8)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from model.baselines.translator import Translator
from model.data.pairs import Pairs
from model.iiae import IIAE
from model.pictures import picture
from model.presets import SIDES, other

GAP = 2
"""Pixels between pictures."""


def grid(rows: list[list[Tensor]], *, scale: int = 1) -> Image.Image:
    """Arrange rows of pictures [3, s, s] in one picture with narrow white gaps, each enlarged by `scale`."""
    size = rows[0][0].shape[-1] * scale
    step = size + GAP
    sheet = Image.new("RGB", (step * max(len(row) for row in rows) - GAP, step * len(rows) - GAP), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            tile = picture(pixels)
            sheet.paste(
                tile if scale == 1 else tile.resize((size, size), Image.Resampling.NEAREST),
                (x * step, y * step),
            )
    return sheet


@torch.inference_mode()
def translations(
    model: IIAE | Translator, pairs: Pairs, *, count: int = 6, samples: int = 3, seed: int = 0
) -> Image.Image:
    """Table 7: translations of pairs in both directions, one pair a row.

    Each direction shows the input, `samples` outputs with random styles, the output with the prior's mean,
    and the true picture. A system without styles has no samples.
    """
    device = next(model.parameters()).device
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    size = model.style_size
    z = torch.randn(samples if size else 0, size, generator=torch.Generator().manual_seed(seed))
    styles = torch.cat([z, torch.zeros(1, size)]).to(device)
    rows: list[list[Tensor]] = []
    for index in chosen:
        pair = dict(zip(SIDES, pairs.pair(int(index), None), strict=True))
        row: list[Tensor] = []
        for side in SIDES:
            pixels = pair[side][None].to(device).expand(len(styles), -1, -1, -1)
            outputs = model.translate(side, pixels, styles if size else None)
            row += [pair[side], *outputs, pair[other(side)]]
        rows.append(row)
    return grid(rows)


@torch.inference_mode()
def analogies(iiae: IIAE, pairs: Pairs, *, count: int = 6) -> Image.Image:
    """Table 8: rows of a query, a reference, and the query in the reference's style, in both domains."""
    device = next(iiae.parameters()).device
    chosen = np.linspace(0, len(pairs) - 1, 2 * count).round().astype(int)
    rows: list[list[Tensor]] = []
    for query_index, reference_index in zip(chosen[:count], chosen[count:], strict=True):
        queries, references = pairs.pair(int(query_index), None), pairs.pair(int(reference_index), None)
        row: list[Tensor] = []
        for side, query, reference in zip(SIDES, queries, references, strict=True):
            z = iiae.exclusive(side, reference[None].to(device)).mean
            zs = iiae.shared(side, query[None].to(device)).mean
            row += [query, reference, iiae.decode(side, z, zs)[0]]
        rows.append(row)
    return grid(rows)


def translation_writer(pairs: Pairs) -> Callable[[IIAE | Translator, Path], None]:
    """Return a function for training that writes `translations` of the current weights to a path."""
    return lambda model, path: translations(model, pairs).save(path)
