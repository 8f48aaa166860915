"""`iiae calibrate`: give a model the score calibration of models trained in the same way."""

from typing import Annotated

import typer
from rich.console import Console

from model import checkpoint
from model.cli.options import DEFAULT_HOME, CheckpointName, Home
from model.manifest import Manifest
from model.presets import DRAWN_KIND, QueryKind
from model.sketch.calibration import Calibration


def calibrate(
    name: CheckpointName,
    like: Annotated[
        list[str],
        typer.Option(
            help="A checkpoint trained in the same way, with classes held out. Repeat it to average several."
        ),
    ],
    home: Home = DEFAULT_HOME,
) -> None:
    """Copy the score calibration of other sketch models to a model trained on all classes."""
    store = home / "checkpoints"
    folder = checkpoint.find(store, name)
    own = checkpoint.read_manifest(folder)
    others = [checkpoint.read_manifest(checkpoint.find(store, other)) for other in like]
    if different := [each.name for each in others if _similarity(each) != _similarity(own)]:
        raise typer.BadParameter(
            f"{different[0]} compares pictures in another way than {own.name}; train both in the same way",
            param_hint="--like",
        )
    curves = [each.calibration for each in others]
    if missing := [other for other, curve in zip(like, curves, strict=True) if not curve]:
        raise typer.BadParameter(
            f"{missing[0]} has no calibration, because its training held out no classes", param_hint="--like"
        )
    means = {
        kind: Calibration.mean([curve[kind] for curve in curves])
        for kind in curves[0]
        if all(kind in curve for curve in curves)
    }
    checkpoint.with_calibration(folder, means)
    for kind, curve in means.items():
        crowd = f" {curve.crowd:+.2f} · ln(photos, at most {curve.largest})"
        formula = f"1 / (1 + exp(-({curve.slope:.2f} · similarity {curve.intercept:+.2f}{crowd})))"
        grades = f"strong from {curve.strong:.2f}, possible from {curve.possible:.2f}"
        Console().print(f"queries of {kind}: {formula}; {grades}", soft_wrap=True)
    if missing_kinds := [kind for kind in _kinds(own) if kind not in means]:
        Console(stderr=True).print(
            f"no curve for queries of {', '.join(missing_kinds)}: their hits get no grades; the curves among "
            "drawn pictures need a training with --icons",
            style="yellow",
            soft_wrap=True,
        )


def _kinds(manifest: Manifest) -> list[QueryKind]:
    """The kinds of queries that a sketch model answers."""
    kinds = list(DRAWN_KIND)
    return [*kinds, *(DRAWN_KIND[kind] for kind in kinds if manifest.preset.searches_things)]


def _similarity(manifest: Manifest) -> tuple[str, float, float]:
    """How a model compares pictures; curves of one way mean nothing for another."""
    sketch = manifest.preset.sketch
    weights = (0.0, 0.0) if sketch is None else (sketch.thing_weight, sketch.drawn_thing_weight)
    return manifest.preset.distance, *weights
