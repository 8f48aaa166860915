"""The paper's pictures: grids of translations and analogies (Tables 7 and 8), as training goes and afterwards."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from model.data.pairs import Pairs
from model.iiae import IIAE
from model.pictures import picture
from model.presets import SIDES, other

Decode = Callable[..., Tensor]
GAP = 2


def grid(rows: list[list[Tensor]], *, scale: int = 1) -> Image.Image:
    """Rows of pixels [3, s, s] as one picture with thin white gaps."""
    size = rows[0][0].shape[-1] * scale
    step = size + GAP
    sheet = Image.new("RGB", (step * max(len(row) for row in rows) - GAP, step * len(rows) - GAP), "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            tile = picture(pixels)
            sheet.paste(tile if scale == 1 else tile.resize((size, size), Image.Resampling.NEAREST), (x * step, y * step))
    return sheet


@torch.inference_mode()
def translations(iiae: IIAE, pairs: Pairs, *, count: int = 6, samples: int = 3, seed: int = 0) -> Image.Image:
    """Table 7: each row a pair; for both directions the input, `samples` outputs with drawn codes, the prior's mean, the truth."""
    device = next(iiae.parameters()).device
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    z = torch.randn(samples, iiae.preset.zx_size, generator=torch.Generator().manual_seed(seed))
    codes = torch.cat([z, torch.zeros(1, iiae.preset.zx_size)]).to(device)
    rows: list[list[Tensor]] = []
    for index in chosen:
        both = dict(zip(SIDES, pairs.pair(int(index), None), strict=True))
        row: list[Tensor] = []
        for side in SIDES:
            zs = iiae.shared(side, both[side][None].to(device)).mean
            outputs = iiae.decode(other(side), codes, zs.expand(len(codes), *zs.shape[1:]))
            row += [both[side], *outputs, both[other(side)]]
        rows.append(row)
    return grid(rows)


@torch.inference_mode()
def analogies(iiae: IIAE, pairs: Pairs, *, count: int = 6) -> Image.Image:
    """Table 8: each row, for both domains, a query, a reference and the query as the reference shows it."""
    device = next(iiae.parameters()).device
    chosen = np.linspace(0, len(pairs) - 1, 2 * count).round().astype(int)
    rows: list[list[Tensor]] = []
    for query, reference in zip(chosen[:count], chosen[count:], strict=True):
        queries, references = pairs.pair(int(query), None), pairs.pair(int(reference), None)
        row: list[Tensor] = []
        for side, what, how in zip(SIDES, queries, references, strict=True):
            z = iiae.exclusive(side, how[None].to(device)).mean
            row += [what, how, iiae.decode(side, z, iiae.shared(side, what[None].to(device)).mean)[0]]
        rows.append(row)
    return grid(rows)


def sampler(pairs: Pairs) -> Callable[[IIAE, Path], None]:
    """What a training run calls at intervals: writes `translations` to a path."""
    return lambda iiae, path: translations(iiae, pairs).save(path)
