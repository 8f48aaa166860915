"""`iiae figure`: draw the paper's pictures of a checkpoint."""

from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from PIL import Image
from rich.console import Console

from model import checkpoint
from model.cli.options import CheckpointName, Data, Home, Unseen, check_picture_output, refuse_unused
from model.cli.unseen import measured_classes
from model.data.open import open_pairs
from model.data.pairs import Split
from model.evaluation.image_figures import analogies, translations
from model.evaluation.sketch_figures import class_bars, search_rows
from model.evaluation.sketch_search import map_by_class
from model.manifest import Manifest

FigureKind = Literal["translations", "analogies", "search", "classes"]
IMAGE_KINDS: tuple[FigureKind, ...] = ("translations", "analogies")
SKETCH_KINDS: tuple[FigureKind, ...] = ("search", "classes")
ROWS, SEED = 6, 0

USES: dict[FigureKind, frozenset[str]] = {
    "translations": frozenset({"--count", "--split", "--seed"}),
    "analogies": frozenset({"--count", "--split"}),
    "search": frozenset({"--count", "--unseen", "--seed"}),
    "classes": frozenset({"--unseen"}),
}
"""The options that each kind of figure uses; any other option is refused."""


def figure(
    name: CheckpointName,
    data: Data,
    out: Annotated[Path, typer.Option(help="The picture to write.")],
    home: Home = Path("var"),
    kind: Annotated[
        FigureKind | None,
        typer.Option(
            help="Of an image model: translations (Table 7, the default) or analogies (Table 8). "
            "Of a sketch model: search (Figure 9, the default) or classes (each class's mAP).",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=50, help=f"Rows; {ROWS} if not given.", show_default=False)
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Which pairs (image models); test if not given.", show_default=False)
    ] = None,
    unseen: Unseen = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Chooses the styles of Table 7 or the sketches of Figure 9.", show_default=False),
    ] = None,
) -> None:
    """Draw a checkpoint's translations (Table 7), analogies (Table 8) or sketch search (Figure 9)."""
    check_picture_output(out, "--out")
    folder = checkpoint.find(home / "checkpoints", name)
    manifest = checkpoint.read_manifest(folder)
    chosen = _kind(manifest, kind)
    given = {"--count": count, "--split": split, "--unseen": unseen, "--seed": seed}
    unused = {option: value for option, value in given.items() if option not in USES[chosen]}
    refuse_unused(unused, f"--kind {chosen}")
    rows, number = count or ROWS, SEED if seed is None else seed
    if chosen in SKETCH_KINDS:
        picture = _sketch_figure(folder, chosen, data, unseen, rows, number)
    else:
        picture = _image_figure(folder, chosen, data, split or "test", rows, number)
    picture.save(out)
    Console().print(f"wrote {out}")


def _kind(manifest: Manifest, kind: FigureKind | None) -> FigureKind:
    """Return the kind of figure to draw: `kind`, or the model's default.

    Raises:
        typer.BadParameter: this kind of model has no such figure.
    """
    is_sketch_model = manifest.preset.sketch is not None
    kinds = SKETCH_KINDS if is_sketch_model else IMAGE_KINDS
    if kind is None:
        return kinds[0]
    if kind not in kinds:
        form = "a sketch model" if is_sketch_model else "an image model"
        raise typer.BadParameter(
            f"{manifest.name} is {form}, which has {' and '.join(kinds)}", param_hint="--kind"
        )
    return kind


def _sketch_figure(
    folder: Path, kind: FigureKind, data: Path, unseen: str | None, rows: int, seed: int
) -> Image.Image:
    inference = checkpoint.load(folder, torch.device("cpu"))
    catalogue = measured_classes(data, unseen)
    if kind == "search":
        return search_rows(inference, catalogue, count=rows, seed=seed)
    precision_by_class = map_by_class(inference, catalogue)
    return class_bars(precision_by_class, chance=1 / len(precision_by_class))


def _image_figure(
    folder: Path, kind: FigureKind, data: Path, split: Split, rows: int, seed: int
) -> Image.Image:
    preset = checkpoint.read_manifest(folder).preset
    pairs = open_pairs(preset.reader, data, split, preset.image_size, preset.domains)
    if preset.system != "iiae":
        if kind == "analogies":
            raise typer.BadParameter(f"{preset.system} models have translations only", param_hint="--kind")
        _, system = checkpoint.load_translator(folder)
        return translations(system.eval(), pairs, count=rows, seed=seed)
    _, iiae, _ = checkpoint.load_parts(folder)
    if kind == "analogies":
        return analogies(iiae.eval(), pairs, count=rows)
    return translations(iiae.eval(), pairs, count=rows, seed=seed)
