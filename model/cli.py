"""The command line of the science: train, evaluate, figure. `iiae` mounts it beside the service's commands."""

import json
import shlex
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import torch
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from model import checkpoint, training
from model.allocator import keep_memory
from model.data.open import open_pairs
from model.data.pairs import Pairs, Split
from model.data.sketchy import Catalogue, held_out, read_catalogue, read_unseen
from model.evaluation.image_figures import analogies, translation_writer, translations
from model.evaluation.retrieval import cross_domain_retrieval, retrieval_validation
from model.evaluation.sketch_figures import class_bars, search_rows
from model.evaluation.sketch_search import map_by_class, measure_sketch_search
from model.iiae import IIAE
from model.objective import OBJECTIVES
from model.presets import PRESETS, Preset
from model.sketch import linear_start
from model.sketch.backbones import Backbone
from model.sketch.calibration import Calibration
from model.sketch.efficientnet import WIDTH_AND_DEPTH as BACKBONES
from model.sketch.recipe import Recipe
from model.sketch.training import SketchPlan, train_sketch

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
STEPS = 10_000

Home = Annotated[
    Path, typer.Option(envvar="IIAE_HOME", help="Folder with checkpoints/, galleries/ and runs/.")
]
Data = Annotated[Path, typer.Option(help="Folder of the data.")]
Unseen = Annotated[
    str | None, typer.Option(help="Text file of unseen class names, or sketchy-25 or sketchy-21.")
]


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"iiae {version('iiae')}")
        raise typer.Exit
    return wanted


@app.callback()
def every_command(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sketch search and translation across two domains, on IIAE."""
    keep_memory()


class Provenance(TypedDict):
    """What a manifest says of where a checkpoint is from."""

    trained_on: str
    terms: str
    command: str


@app.command(epilog="Example: `iiae train facades --data facades --image-size 64 --width 0.5 --steps 2000`")
def train(
    preset: Annotated[str, typer.Argument(help=f"One of {', '.join(PRESETS)}.")],
    data: Data,
    home: Home = Path("var"),
    name: Annotated[str | None, typer.Option(help="The checkpoint's name; default the preset's.")] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Optimiser steps; default {STEPS:,}, and {SketchPlan.steps} of sketchy's second stage.",
        ),
    ] = None,
    epochs: Annotated[
        int, typer.Option(min=1, help="Epochs of fine-tuning a backbone (sketchy).")
    ] = Recipe.epochs,
    image_size: Annotated[
        int | None, typer.Option(min=32, help="Side of the pictures, a multiple of 32.")
    ] = None,
    width: Annotated[
        float | None, typer.Option(help="Multiplies every channel count; 1 is the paper.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Pairs a step.")] = None,
    lam: Annotated[
        float | None, typer.Option("--lambda", help="Weight of the information preference.")
    ] = None,
    annealing: Annotated[float | None, typer.Option(min=1, help="a0, in steps.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-6, help="Adam's.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0, max=0.9, help="Of D.1's decoders.")] = None,
    warmup: Annotated[
        int, typer.Option(min=0, help="Steps over which the learning rate rises to its own.")
    ] = 0,
    average: Annotated[
        float,
        typer.Option(
            min=0, max=0.99999, help="Decay of an average of the weights, e.g. 0.999; 0 takes none."
        ),
    ] = 0.0,
    objective: Annotated[str, typer.Option(help=f"One of {', '.join(OBJECTIVES)}.")] = "iiae",
    domains: Annotated[tuple[str, str] | None, typer.Option(help="Names of X and Y.")] = None,
    reader: Annotated[
        str | None, typer.Option(help="Form of the data: mnist-cdcb, paired, cars, synthetic.")
    ] = None,
    unseen: Unseen = None,
    hold_out: Annotated[
        float,
        typer.Option(min=0, max=0.5, help="Share of the seen classes that choices are made on (sketchy)."),
    ] = SketchPlan.held_out,
    backbone: Annotated[str | None, typer.Option(help=f"One of {', '.join(BACKBONES)} (sketchy).")] = None,
    runs: Annotated[
        int,
        typer.Option(
            min=1, help="Times that a backbone is fine-tuned; the mean of the weights is kept (sketchy)."
        ),
    ] = Recipe.runs,
    backbone_of: Annotated[
        str | None,
        typer.Option(
            help="A checkpoint of the same data, split and seed whose fine-tuned backbone is taken (sketchy)."
        ),
    ] = None,
    imagenet: Annotated[
        float, typer.Option(min=0, max=1, help="Share of ImageNet's own weights in what is kept (sketchy).")
    ] = Recipe.imagenet,
    jitter: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.2,
            help="Largest jitter of sketch lines in training, as a share of half a side (sketchy).",
        ),
    ] = Recipe.jitter,
    ink_dropout: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Largest share of a sketch's ink to drop in training (sketchy)."),
    ] = Recipe.ink_dropout,
    printed: Annotated[bool, typer.Option(help="D.2's encoders wholly as printed (sketchy).")] = False,
    seed: Annotated[int, typer.Option(help="Decides everything random.")] = 0,
    every: Annotated[
        int, typer.Option(min=1, help="Steps between validations, saves and sample grids.")
    ] = 500,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 0,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda; more than one device through torchrun.")
    ] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default torch's.")] = None,
    terms: Annotated[str, typer.Option(help="Terms of the data, for the manifest.")] = "not stated",
    trained_on: Annotated[str | None, typer.Option(help="What the data is, for the manifest.")] = None,
    half: Annotated[bool, typer.Option(help="Publish in half precision.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on from the last save of this name's run.")] = False,
) -> None:
    """Train a model and publish it to the store; a running service takes it up by itself."""
    training.check_extra()
    if objective not in OBJECTIVES:
        raise typer.BadParameter(f"there are {', '.join(OBJECTIVES)}", param_hint="--objective")
    chosen = _preset(
        preset,
        image_size=image_size,
        width=width,
        batch_size=batch,
        lam=lam,
        annealing=annealing,
        learning_rate=learning_rate,
        dropout=dropout,
        domains=domains,
        reader=reader,
        backbone=backbone,
    )
    if backbone is not None and (chosen.network != "perceptron" or backbone not in BACKBONES):
        raise typer.BadParameter(f"there are {', '.join(BACKBONES)}, for sketchy", param_hint="--backbone")
    if threads is not None:
        torch.set_num_threads(threads)
    named = name or chosen.name
    if not checkpoint.NAME.fullmatch(named):
        raise typer.BadParameter(
            "lower-case letters, digits, '.', '_' and '-', at most 64", param_hint="--name"
        )
    folder = home / "runs" / named
    provenance: Provenance = {
        "trained_on": trained_on or f"{chosen.reader} data in a folder called {data.resolve().name}",
        "terms": terms,
        "command": _command(),
    }
    if chosen.network == "perceptron":
        if not printed:
            chosen = replace(
                chosen, shared_encoder="linear_each", zs_size=min(linear_start.ZS_SIZE, chosen.feature_size)
            )
        recipe = Recipe(
            epochs=epochs, seed=seed, runs=runs, imagenet=imagenet, jitter=jitter, ink_dropout=ink_dropout
        )
        plan = SketchPlan(
            recipe=recipe, held_out=hold_out, steps=steps or SketchPlan.steps, objective=objective
        )
        published = _train_sketch(
            folder,
            chosen,
            data,
            unseen,
            plan,
            backbone_of=backbone_of,
            home=home,
            name=named,
            provenance=provenance,
            half=half,
            resume=resume,
            device=device,
        )
    else:
        plan_ = training.Plan(
            steps=steps or STEPS,
            seed=seed,
            objective=objective,
            validate_every=every,
            save_every=every,
            sample_every=every,
            workers=workers,
            accelerator=device,
            warmup=warmup,
            average=average,
        )
        published = _train_images(
            folder,
            chosen,
            data,
            plan_,
            home=home,
            name=named,
            provenance=provenance,
            half=half,
            resume=resume,
        )
    Console().print(f"published [bold]{named}[/] as {published}", soft_wrap=True)


def _train_images(
    folder: Path,
    preset: Preset,
    data: Path,
    plan: training.Plan,
    *,
    home: Path,
    name: str,
    provenance: Provenance,
    half: bool,
    resume: bool,
) -> Path:
    pairs = open_pairs(preset.reader, data, "train", preset.image_size, preset.domains)
    held = open_pairs(preset.reader, data, "val", preset.image_size, preset.domains)
    _say_damaged(pairs)
    torch.manual_seed(plan.seed)
    iiae = IIAE(preset)
    with _bar() as bar:
        task = bar.add_task("training", total=plan.steps, figures="")

        def report(progress: training.Progress) -> None:
            best = f"  best {run.best['validation']:.3f}" if run.best else ""
            bar.update(
                task,
                completed=progress.step,
                figures=f"{progress.steps_per_second:.1f}/s  log p(x) {progress.terms['log_px']:.1f}{best}",
            )

        run = training.Run(
            folder,
            iiae,
            pairs,
            plan,
            validate=retrieval_validation(held),
            sample=translation_writer(held),
            report=report,
        )
        if resume:
            run.resume()
        found = run.train()
    return checkpoint.publish(
        home / "checkpoints",
        name,
        iiae,
        None,
        seed=plan.seed,
        data_fingerprint=pairs.fingerprint,
        half=half,
        metrics={f"val_{key}": value for key, value in found.items()},
        **provenance,
    )


def _train_sketch(
    folder: Path,
    preset: Preset,
    data: Path,
    unseen: str | None,
    plan: SketchPlan,
    *,
    backbone_of: str | None,
    home: Path,
    name: str,
    provenance: Provenance,
    half: bool,
    resume: bool,
    device: str,
) -> Path:
    catalogue = read_catalogue(data)
    hidden = read_unseen(unseen, catalogue.classes) if unseen else ()
    seen = catalogue.only(label for label in catalogue.classes if label not in hidden)
    on = _device(device)
    tuned = (
        None
        if backbone_of is None
        else _tuned(checkpoint.find(home / "checkpoints", backbone_of), preset, seen, plan)
    )
    with _bar() as bar:
        first = bar.add_task("fine-tuning the backbone", total=None, figures="")
        second = bar.add_task("IIAE on its features", total=plan.steps, figures="")

        def backbone(step: int, steps: int, loss: float) -> None:
            bar.update(first, completed=step, total=steps, figures=f"loss {loss:.2f}")

        def report(progress: training.Progress) -> None:
            bar.update(
                second,
                completed=progress.step,
                total=progress.steps,
                figures=f"{progress.steps_per_second:.1f}/s",
            )

        made = train_sketch(
            folder,
            preset,
            seen,
            plan,
            weights=home / "downloads",
            tuned=tuned,
            resume=resume,
            report_backbone=backbone,
            report=report,
            device=on,
        )
    return checkpoint.publish(
        home / "checkpoints",
        name,
        made.iiae,
        made.backbone,
        seed=plan.recipe.seed,
        data_fingerprint=seen.fingerprint,
        half=half,
        metrics=made.metrics,
        calibration=made.calibration,
        held_out=made.held_out,
        **provenance,
    )


def _tuned(folder: Path, preset: Preset, seen: Catalogue, plan: SketchPlan) -> Backbone:
    """A checkpoint's backbone, if it was fine-tuned on the very classes that it would be now."""
    manifest, _, backbone = checkpoint.load_parts(folder)
    held = held_out(seen.classes, plan.held_out, plan.recipe.seed) if plan.held_out else ()
    if backbone is None or manifest.preset.backbone != preset.backbone:
        raise typer.BadParameter(f"{manifest.name} has no {preset.backbone}", param_hint="--backbone-of")
    if (manifest.data_fingerprint, manifest.held_out) != (seen.fingerprint, held):
        differs = "the data, the split, the seed or what is held out differs"
        raise typer.BadParameter(
            f"{manifest.name} was trained on other classes: {differs}", param_hint="--backbone-of"
        )
    return backbone


@app.command(epilog="Example: `iiae evaluate mnist-cdcb --data mnist --json figures.json`")
def evaluate(
    name: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A checkpoint's name or folder.")],
    data: Data,
    home: Home = Path("var"),
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="Which pairs.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many pairs.")] = None,
    unseen: Unseen = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to a file.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    note: Annotated[
        bool,
        typer.Option(help="Write the figures into the checkpoint's manifest, unless it is the package's."),
    ] = True,
) -> None:
    """Measure a checkpoint: cross-domain retrieval both ways and its leakage, or zero-shot sketch search."""
    folder = checkpoint.find(home / "checkpoints", name)
    manifest = checkpoint.read_manifest(folder)
    inference = checkpoint.load(folder, torch.device(device))
    preset = manifest.preset
    if preset.backbone is not None:
        found = measure_sketch_search(inference, _measured(data, unseen))
    else:
        pairs = open_pairs(preset.reader, data, _split(split), preset.image_size, preset.domains)
        found = cross_domain_retrieval(inference.shared, inference.exclusive, pairs, limit=limit)
    if note and folder not in checkpoint.released():
        checkpoint.with_metrics(folder, found)
    if json_file is not None:
        json_file.write_text(
            json.dumps({**found, "seed": manifest.seed, "digest": manifest.weights_sha256}, indent=2) + "\n"
        )
    table = Table("figure", "value", title=f"{manifest.name} {manifest.version}")
    for key, value in found.items():
        table.add_row(key, f"{value:.4f}" if value <= 1 else f"{value:.0f}")
    Console().print(table)


@app.command(epilog="Example: `iiae calibrate sketchy --like sketchy-0 --like sketchy-1`")
def calibrate(
    name: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A sketch model's name or folder.")],
    like: Annotated[
        list[str],
        typer.Option(
            help="A checkpoint trained in the same way, with classes held out; several are averaged."
        ),
    ],
    home: Home = Path("var"),
) -> None:
    """Give a model that was trained on all classes the meaning of scores that was measured where classes were held out."""
    curves = [
        checkpoint.read_manifest(checkpoint.find(home / "checkpoints", other)).calibration for other in like
    ]
    if missing := [other for other, each in zip(like, curves, strict=True) if not each]:
        raise typer.BadParameter(
            f"{missing[0]} is not calibrated itself: no classes were held out of its training",
            param_hint="--like",
        )
    means = {
        asked: Calibration.mean([each[asked] for each in curves])
        for asked in curves[0]
        if all(asked in each for each in curves)
    }
    checkpoint.with_calibration(checkpoint.find(home / "checkpoints", name), means)
    for asked, curve in means.items():
        crowd = f" {curve.crowd:+.2f} · ln(photos, at most {curve.largest})"
        Console().print(
            f"queries of {asked}: 1 / (1 + exp(-({curve.slope:.2f} · cosine {curve.intercept:+.2f}{crowd})))",
            soft_wrap=True,
        )


@app.command(epilog="Example: `iiae figure facades --data facades --kind translations --out grid.png`")
def figure(
    name: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A checkpoint's name or folder.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    home: Home = Path("var"),
    kind: Annotated[
        Literal["translations", "analogies", "search", "classes"],
        typer.Option(help="Table 7's form, or Table 8's; of a sketch model Figure 9, or each class's mAP."),
    ] = "translations",
    count: Annotated[int, typer.Option(min=1, max=50, help="Rows.")] = 6,
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="Which pairs.")] = "test",
    unseen: Unseen = None,
    seed: Annotated[int, typer.Option(help="Chooses the sketches of Figure 9.")] = 0,
) -> None:
    """Draw the paper's picture of a checkpoint: translations (Table 7), analogies (Table 8) or sketch search (Figure 9)."""
    folder = checkpoint.find(home / "checkpoints", name)
    manifest, iiae, backbone = checkpoint.load_parts(folder)
    if backbone is not None:
        inference = checkpoint.load(folder, torch.device("cpu"))
        measured = _measured(data, unseen)
        if kind == "classes":
            found = map_by_class(inference, measured)
            class_bars(found, chance=1 / len(found)).save(out)
        else:
            search_rows(inference, measured, count=count, seed=seed).save(out)
        Console().print(f"wrote {out}")
        return
    pairs = open_pairs(
        manifest.preset.reader, data, _split(split), manifest.preset.image_size, manifest.preset.domains
    )
    draw = analogies if kind == "analogies" else translations
    draw(iiae.eval(), pairs, count=count).save(out)
    Console().print(f"wrote {out}")


def _preset(name: str, **changes: object) -> Preset:
    if name not in PRESETS:
        raise typer.BadParameter(
            f"there is no preset {name!r}; there are {', '.join(PRESETS)}", param_hint="PRESET"
        )
    given = {key: value for key, value in changes.items() if value is not None}
    try:
        return replace(PRESETS[name], **given)  # type: ignore[arg-type]  # names and types are those of train's options
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _device(name: str) -> torch.device:
    there = torch.cuda.is_available()
    if name not in {"auto", "cpu", "cuda"} or (name == "cuda" and not there):
        raise typer.BadParameter(
            f"there are auto, cpu{', cuda' if there else '; no CUDA device was found'}", param_hint="--device"
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def _measured(data: Path, unseen: str | None) -> Catalogue:
    """The unseen classes' files, or all where no split is named."""
    catalogue = read_catalogue(data)
    return catalogue.only(read_unseen(unseen, catalogue.classes)) if unseen else catalogue


def _split(split: str) -> Split:
    return "train" if split == "train" else "val" if split == "val" else "test"


def _say_damaged(pairs: Pairs) -> None:
    if pairs.damaged:
        Console(stderr=True).print(
            f"left out {len(pairs.damaged)} damaged files: {', '.join(pairs.damaged[:5])}"
        )


def _command() -> str:
    """As it was typed; a resumed run is the undisturbed one."""
    return shlex.join(["iiae", *(word for word in sys.argv[1:] if word != "--resume")])


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
    )
