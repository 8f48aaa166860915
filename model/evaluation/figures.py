"""The paper's pictures: translations and analogies (Tables 7 and 8), as training goes and afterwards, and search (Figure 9)."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from model.data.pairs import Pairs
from model.data.sketchy import Catalogue
from model.evaluation.metrics import cosine
from model.iiae import IIAE
from model.inference import Inference
from model.pictures import picture
from model.presets import SIDES, Side, other

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
            sheet.paste(
                tile if scale == 1 else tile.resize((size, size), Image.Resampling.NEAREST),
                (x * step, y * step),
            )
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


TILE, MARK = 96, 18
RIGHT, WRONG, BAR = (22, 140, 60), (200, 40, 40), (120, 160, 215)


def search_rows(
    inference: Inference, catalogue: Catalogue, *, count: int = 12, k: int = 10, seed: int = 0
) -> Image.Image:
    """Figure 9: sketches at the left, one of a class where there are as many, and their first k photos, ticked or crossed.

    Photos and sketches are those of the catalogue; a hit is right when it is of the sketch's class.
    """
    rng = np.random.default_rng(seed)
    classes = [str(label) for label in rng.permutation(catalogue.classes)]
    of_class = {label: [path for path, other in catalogue.sketches if other == label] for label in classes}
    chosen = [
        (of_class[label][rng.integers(len(of_class[label]))], label)
        for label in (classes * (count // len(classes) + 1))[:count]
    ]
    photos = torch.cat([inference.shared("x", _pixels(inference, "x", path)) for path, _ in catalogue.photos])
    sheet = Image.new("RGB", ((k + 1) * (TILE + GAP) + MARK, count * (TILE + GAP)), "white")
    for row, (sketch, label) in enumerate(chosen):
        scores = cosine(inference.shared("y", _pixels(inference, "y", sketch)), photos)[0]
        _tile(sheet, 0, row, sketch)
        for column, hit in enumerate(scores.topk(min(k, len(scores))).indices.tolist(), 1):
            path, found = catalogue.photos[hit]
            _tile(sheet, column, row, path)
            _mark(sheet, column, row, right=found == label)
    return sheet


def class_bars(figures: Mapping[str, float], *, chance: float) -> Image.Image:
    """Each class's mAP as a bar, the best first, with the mean and chance as lines."""
    line, left, wide, right = 20, 130, 500, 50
    order = sorted(figures.items(), key=lambda entry: -entry[1])
    sheet = Image.new("RGB", (left + wide + right, line * (len(order) + 2)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    mean = sum(figures.values()) / len(figures)
    for row, (name, value) in enumerate(order):
        top = row * line + 2
        draw.text((left - 8, top + 1), name, "black", font, anchor="ra")
        draw.rectangle((left, top, left + round(wide * value), top + line - 5), fill=BAR)
        draw.text((left + round(wide * value) + 6, top + 1), f"{value:.2f}".lstrip("0"), "black", font)
    for value, label in ((mean, f"mean {mean:.3f}"), (chance, f"chance {chance:.2f}")):
        x = left + round(wide * value)
        draw.line((x, 0, x, line * len(order) + 4), fill="black", width=1)
        draw.text((x, line * len(order) + 6), label, "black", font, anchor="ma")
    return sheet


def _pixels(inference: Inference, side: Side, path: Path) -> Tensor:
    with Image.open(path) as opened:
        return inference.prepare(opened.convert("RGB"), side)[None]


def _place(column: int, row: int) -> tuple[int, int]:
    return column * (TILE + GAP) + (MARK if column else 0), row * (TILE + GAP)  # a gap after the sketches


def _tile(sheet: Image.Image, column: int, row: int, path: Path) -> None:
    with Image.open(path) as opened:
        small = opened.convert("RGB").resize((TILE, TILE), Image.Resampling.BICUBIC)
    sheet.paste(small, _place(column, row))


def _mark(sheet: Image.Image, column: int, row: int, *, right: bool) -> None:
    """A white tick on green or cross on red, so that colour alone does not tell."""
    left, top = _place(column, row)
    left, top = left + TILE - MARK, top + TILE - MARK
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, top, left + MARK - 1, top + MARK - 1), fill=RIGHT if right else WRONG)
    strokes = [((4, 9), (8, 13), (14, 5))] if right else [((5, 5), (13, 13)), ((13, 5), (5, 13))]
    for stroke in strokes:
        draw.line([(left + x, top + y) for x, y in stroke], fill="white", width=2)


def sampler(pairs: Pairs) -> Callable[[IIAE, Path], None]:
    """What a training run calls at intervals: writes `translations` to a path."""
    return lambda iiae, path: translations(iiae, pairs).save(path)
