"""The paper's pictures of an image model: translations (Tables 7, 9, 10) and analogies (Tables 8, 11)."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from model.baselines.translator import Translator
from model.data.pairs import Pairs
from model.evaluation.sheet import beside, columns, text_size, tile, titled
from model.iiae import IIAE
from model.inference import Inference, analogy, translate
from model.presets import SIDES, Side, other

StyledTranslate = Callable[[Side, Tensor, Tensor], Tensor]
"""From a domain, its pictures [b, 3, s, s] and styles [b, z] to the other domain's pictures."""
StyleOf = Callable[[Side, Tensor], Tensor]
"""From a domain and its pictures [b, 3, s, s] to their styles [b, z]."""


def translations(
    inference: Inference, pairs: Pairs, *, count: int = 6, samples: int = 3, seed: int = 0
) -> Image.Image:
    """Tables 7, 9 and 10: translations of pairs in both directions, one pair a row.

    Each direction shows the input, `samples` outputs with random styles, the output with the prior's mean,
    the output with the true picture's style, and the true picture. A system without styles has one output.

    Args:
        inference: a model that translates.
        pairs: the pairs.
        count: number of pairs, spread evenly.
        samples: random styles, the same for all inputs.
        seed: of the random styles.
    """
    return _translations(
        partial(translate, inference),
        inference.exclusive_size,
        pairs,
        inference.device,
        count=count,
        samples=samples,
        seed=seed,
        style_of=inference.exclusive if inference.exclusive_size else None,
    )


def analogies(
    inference: Inference,
    pairs: Pairs,
    *,
    count: int = 6,
    references: int = 1,
    sides: Sequence[Side] = SIDES,
) -> Image.Image:
    """Tables 8 and 11: rows of a query, then each reference and the query in its style.

    Args:
        inference: a model with shared and exclusive codes.
        pairs: the pairs.
        count: number of queries. Queries and references are spread evenly over the pairs; the first ones are
            the queries.
        references: how many each query has; the paper's Table 11 has two.
        sides: the domains to show; Table 11 has Y only.
    """
    chosen = np.linspace(0, len(pairs) - 1, (1 + references) * count).round().astype(int).tolist()
    rows: dict[Side, list[list[Image.Image]]] = {side: [] for side in sides}
    for row in range(count):
        pictures = [pairs.pair(index, None) for index in chosen[row::count]]
        for side in sides:
            query, *of_style = (pair[SIDES.index(side)] for pair in pictures)
            outputs = [analogy(inference, side, query[None], each[None])[0] for each in of_style]
            styled = [tile(each) for both in zip(of_style, outputs, strict=True) for each in both]
            rows[side].append([tile(query), *styled])
    numbers = [""] if references == 1 else [f" {number + 1}" for number in range(references)]
    heads = ["query", *(f"{what}{number}" for number in numbers for what in ("reference", "output"))]
    domains = dict(zip(SIDES, pairs.domains, strict=True))
    sheets = [columns(heads, rows[side]) for side in sides]
    return _blocks([domains[side] for side in sides], sheets, rows[sides[0]][0][0].width)


def translation_writer(pairs: Pairs) -> Callable[[IIAE | Translator, Path], None]:
    """Return a function for training that writes `translations` of the current weights to a path."""

    @torch.inference_mode()
    def write(model: IIAE | Translator, path: Path) -> None:
        device = next(model.parameters()).device

        def translated(source: Side, pixels: Tensor, z: Tensor) -> Tensor:
            return model.translate(source, pixels.to(device), z.to(device) if model.style_size else None)

        _translations(translated, model.style_size, pairs, device).save(path)

    return write


def _translations(
    translated: StyledTranslate,
    style_size: int,
    pairs: Pairs,
    device: torch.device,
    *,
    count: int = 6,
    samples: int = 3,
    seed: int = 0,
    style_of: StyleOf | None = None,
) -> Image.Image:
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    z = torch.randn(samples if style_size else 0, style_size, generator=torch.Generator().manual_seed(seed))
    styles = torch.cat([z, torch.zeros(1, style_size)]).to(device)
    outputs = [*(f"sample {each + 1}" for each in range(len(z))), "mean" if style_size else "output"]
    outputs += ["true style"] if style_of else []
    rows: dict[Side, list[list[Image.Image]]] = {side: [] for side in SIDES}
    for index in chosen:
        pair = dict(zip(SIDES, pairs.pair(int(index), None), strict=True))
        for side in SIDES:
            truth = pair[other(side)]
            own = style_of(other(side), truth[None]) if style_of else styles[:0]
            with_own = torch.cat([styles, own.to(device)])
            inputs = pair[side][None].to(device).expand(len(with_own), -1, -1, -1)
            row = (pair[side], *translated(side, inputs, with_own), truth)
            rows[side].append([tile(each) for each in row])
    domains = dict(zip(SIDES, pairs.domains, strict=True))
    return _blocks(
        [f"{domains[side]} → {domains[other(side)]}" for side in SIDES],
        [columns((domains[side], *outputs, "truth"), rows[side]) for side in SIDES],
        rows["x"][0][0].width,
    )


def _blocks(titles: Sequence[str], sheets: Sequence[Image.Image], side: int) -> Image.Image:
    """Place the sheets of both domains or directions beside each other, under their titles."""
    size = text_size(side)
    return beside([titled(title, sheet, size) for title, sheet in zip(titles, sheets, strict=True)], size)
