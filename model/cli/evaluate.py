"""`iiae evaluate`: measure a checkpoint."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from model import checkpoint
from model.cli.options import (
    DEFAULT_HOME,
    CheckpointName,
    Data,
    Device,
    Home,
    Unseen,
    choose_device,
    refuse_unused,
)
from model.cli.unseen import measured_classes
from model.data.open import open_pairs
from model.data.pairs import Split
from model.evaluation.lpips import NETWORKS, SMALLEST, load_lpips
from model.evaluation.sketch_search import measure_sketch_search
from model.evaluation.translation import measure_pictures


def evaluate(
    name: CheckpointName,
    data: Data,
    home: Home = DEFAULT_HOME,
    split: Annotated[
        Split | None, typer.Option(help="Which pairs (image models); test if not given.", show_default=False)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many pairs (image models).")] = None,
    lpips: Annotated[
        bool,
        typer.Option(
            "--lpips",
            help="Also measure LPIPS (Alex and VGG) and absolute errors of translations (image models). "
            "Its weights are downloaded once (64 MB).",
        ),
    ] = False,
    unseen: Unseen = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: Device = "cpu",
    note: Annotated[
        bool,
        typer.Option(
            help="Write the figures into the checkpoint's manifest, unless it ships in the package."
        ),
    ] = True,
) -> None:
    """Measure a checkpoint: cross-domain retrieval both ways and leakage, or zero-shot sketch search.

    A system without shared codes searches by translation, and has the errors of its translations too.
    """
    folder = checkpoint.find(home / "checkpoints", name)
    manifest = checkpoint.read_manifest(folder)
    preset = manifest.preset
    if preset.sketch is not None:
        image_options = {"--split": split, "--limit": limit, "--lpips": lpips or None}
        refuse_unused(image_options, f"{manifest.name}, which is a sketch model")
        inference = checkpoint.load(folder, choose_device(device))
        figures = measure_sketch_search(inference, measured_classes(data, unseen))
    else:
        refuse_unused({"--unseen": unseen}, f"{manifest.name}, which is an image model")
        if lpips and preset.image_size < SMALLEST:
            raise typer.BadParameter(
                f"{manifest.name} makes pictures of {preset.image_size} pixels; LPIPS needs {SMALLEST}",
                param_hint="--lpips",
            )
        inference = checkpoint.load(folder, choose_device(device))
        pairs = open_pairs(preset.reader, data, split or "test", preset.image_size, preset.domains)
        networks = {each: load_lpips(each).to(inference.device) for each in NETWORKS} if lpips else {}
        figures = measure_pictures(inference, pairs, networks, limit=limit)
    if note and folder not in checkpoint.released():
        checkpoint.with_metrics(folder, figures)
    if as_json:
        source = {"seed": manifest.seed, "digest": manifest.weights_sha256}
        typer.echo(json.dumps({**figures, **source}, indent=2))
        return
    table = Table("figure", "value", title=f"{manifest.name} {manifest.version}")
    for key, value in figures.items():
        table.add_row(key, f"{value:.0f}" if value > 1 and value.is_integer() else f"{value:.4f}")
    Console().print(table)
