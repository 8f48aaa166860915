"""`iiae figure`: draw the paper's pictures of a checkpoint, and the curves of its training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from PIL import Image
from rich.console import Console

from model import checkpoint
from model.baselines.systems import SYSTEMS
from model.cli.options import DEFAULT_HOME, CheckpointName, Home, Unseen, check_picture_output, refuse_unused
from model.cli.unseen import measured_classes
from model.data.open import open_pairs
from model.data.pairs import Pairs, Split
from model.evaluation.curves import curves, run_scalars
from model.evaluation.image_figures import analogies, translations
from model.evaluation.retrieval_figure import retrieval
from model.evaluation.sketch_figures import class_bars, search_rows
from model.evaluation.sketch_search import map_by_class
from model.inference import Inference
from model.manifest import Manifest
from model.presets import SIDES, Preset, Side

FigureKind = Literal["translations", "analogies", "retrieval", "search", "classes", "curves"]
ROWS, SEED = 6, 0

USES: dict[FigureKind, frozenset[str]] = {
    "translations": frozenset({"--data", "--count", "--split", "--seed"}),
    "analogies": frozenset({"--data", "--count", "--split", "--references", "--side"}),
    "retrieval": frozenset({"--data", "--count", "--split", "--seed"}),
    "search": frozenset({"--data", "--count", "--unseen", "--seed"}),
    "classes": frozenset({"--data", "--unseen"}),
    "curves": frozenset({"--beside"}),
}
"""The options that each kind of figure uses; any other option is refused."""


def figure(
    name: CheckpointName,
    out: Annotated[Path, typer.Option(help="The picture to write.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the data; every kind but curves needs it.", show_default=False),
    ] = None,
    home: Home = DEFAULT_HOME,
    kind: Annotated[
        FigureKind | None,
        typer.Option(
            help="Of an image model: translations (Table 7, the default), analogies (Tables 8 and 11) or "
            "retrieval (Figures 5 to 8). Of a sketch model: search (Figure 9, the default) or classes (each "
            "class's mAP). Of both: curves (the log of their training).",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=50,
            help=f"Rows; {ROWS} if not given. Of retrieval: successes, and as many failures.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Which pairs (image models); test if not given.", show_default=False)
    ] = None,
    unseen: Unseen = None,
    references: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4,
            help="References of each query (analogies); 1 if not given, 2 in Table 11.",
            show_default=False,
        ),
    ] = None,
    side: Annotated[
        Side | None,
        typer.Option(help="The only domain to show (analogies); both if not given.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Chooses the styles of translations, or the queries of retrieval and search.",
            show_default=False,
        ),
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A second run to draw beside the first (curves).", show_default=False
        ),
    ] = None,
) -> None:
    """Draw a checkpoint's pictures: translations, analogies, retrieval, sketch search, or its training."""
    check_picture_output(out, "--out")
    given = {
        "--data": data,
        "--count": count,
        "--split": split,
        "--unseen": unseen,
        "--references": references,
        "--side": side,
        "--seed": seed,
        "--beside": beside,
    }
    if kind == "curves":
        _refuse_unused(given, kind)
        picture = _curves(home, [name] if beside is None else [name, beside])
    else:
        folder = checkpoint.find(home / "checkpoints", name)
        chosen = _kind(checkpoint.read_manifest(folder), kind)
        _refuse_unused(given, chosen)
        if data is None:
            raise typer.BadParameter(f"--kind {chosen} needs the folder of the data", param_hint="--data")
        rows, number = count or ROWS, SEED if seed is None else seed
        if chosen in {"search", "classes"}:
            picture = _sketch_figure(folder, chosen, data, unseen, rows, number)
        else:
            inference, pairs = _opened(folder, data, split or "test")
            if chosen == "analogies":
                sides = SIDES if side is None else (side,)
                picture = analogies(inference, pairs, count=rows, references=references or 1, sides=sides)
            elif chosen == "retrieval":
                picture = retrieval(inference, pairs, count=rows, seed=number)
            else:
                picture = translations(inference, pairs, count=rows, seed=number)
    picture.save(out)
    Console().print(f"wrote {out}")


def kinds_of(preset: Preset) -> tuple[FigureKind, ...]:
    """Return the kinds of figures that a model has, the default first."""
    if preset.sketch is not None:
        return ("search", "classes", "curves")
    if preset.system != "iiae" and "shared_codes" not in SYSTEMS[preset.system].network.capabilities:
        return ("translations", "curves")
    return ("translations", "analogies", "retrieval", "curves")


def _kind(manifest: Manifest, kind: FigureKind | None) -> FigureKind:
    """Return the kind of figure to draw: `kind`, or the model's default.

    Raises:
        typer.BadParameter: this kind of model has no such figure.
    """
    preset = manifest.preset
    kinds = kinds_of(preset)
    if kind is None:
        return kinds[0]
    if kind not in kinds:
        form = "a sketch model" if preset.sketch is not None else "an image model"
        form = form if preset.system == "iiae" else f"a {preset.system} model"
        raise typer.BadParameter(
            f"{manifest.name} is {form}, which has {', '.join(kinds[:-1])} and {kinds[-1]}",
            param_hint="--kind",
        )
    return kind


def _refuse_unused(given: Mapping[str, object], kind: FigureKind) -> None:
    unused = {option: value for option, value in given.items() if option not in USES[kind]}
    refuse_unused(unused, f"--kind {kind}")


def _curves(home: Path, names: list[str]) -> Image.Image:
    """Draw the runs of these names; a run needs no checkpoint, so one that still trains can be drawn."""
    runs = {}
    for name in names:
        folder = Path(name)
        is_checkpoint = (folder / checkpoint.MANIFEST).is_file()
        run = checkpoint.read_manifest(folder).name if is_checkpoint else name
        if run in runs:
            raise typer.BadParameter(f"both runs are {run}; name another one", param_hint="--beside")
        runs[run] = run_scalars(home / "runs" / run)
    return curves(runs)


def _sketch_figure(
    folder: Path, kind: FigureKind, data: Path, unseen: str | None, rows: int, seed: int
) -> Image.Image:
    inference = checkpoint.load(folder, torch.device("cpu"))
    catalogue = measured_classes(data, unseen)
    if kind == "search":
        return search_rows(inference, catalogue, count=rows, seed=seed)
    precision_by_class = map_by_class(inference, catalogue)
    return class_bars(precision_by_class, chance=1 / len(precision_by_class))


def _opened(folder: Path, data: Path, split: Split) -> tuple[Inference, Pairs]:
    preset = checkpoint.read_manifest(folder).preset
    pairs = open_pairs(preset.reader, data, split, preset.image_size, preset.domains)
    return checkpoint.load(folder, torch.device("cpu")), pairs
