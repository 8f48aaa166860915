"""`iiae train sketchy|sketchy-printed`: options and plan of a sketch model's training."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from model import checkpoint
from model.cli.options import DEFAULT_HOME, Data, Device, Home, Unseen, choose_device
from model.cli.progress import progress_bar, report_damaged, report_left_out
from model.cli.train_options import (
    Annealing,
    Batch,
    Domains,
    Half,
    Lambda,
    Name,
    Objective,
    Publication,
    Resume,
    Seed,
    Terms,
    Threads,
    TrainedOn,
    publication,
    use_threads,
)
from model.cli.unseen import further_files, seen_classes
from model.data.pairs import fingerprint_of
from model.data.sketchy import SketchyFiles, held_out
from model.presets import BackboneName, Preset, SketchInput
from model.sketch.backbone.backbone import Backbone
from model.sketch.feature_file import FEATURE_FILE, save_features
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.further_pictures import FurtherFiles
from model.sketch.training import SketchPlan, train_sketch
from model.sketch.training_pictures import HELD_BACK
from model.training.loop import TrainingProgress, check_extra


@dataclass(frozen=True, kw_only=True)
class SketchTraining:
    """One training run of a sketch model, as the options ask for it.

    Attributes:
        unseen: names or file of the classes to leave out.
        further: doodles and icons to train on, none of an unseen class; None for none.
        backbone_of: a checkpoint whose fine-tuned backbone is reused.
    """

    preset: Preset
    plan: SketchPlan
    data: Path
    unseen: str | None
    further: FurtherFiles | None
    backbone_of: str | None
    publication: Publication
    resume: bool
    device: torch.device

    def run(self) -> None:
        """Fine-tune the backbone, train IIAE on its features, publish both, and save the features."""
        seen = seen_classes(self.data, self.unseen)
        report_left_out(seen.left_out)
        with progress_bar() as bar:
            first = bar.add_task("fine-tuning the backbone", total=None, figures="")
            second = bar.add_task("training IIAE on its features", total=self.plan.steps, figures="")

            def report_backbone(step: int, steps: int, loss: float) -> None:
                bar.update(first, completed=step, total=steps, figures=f"loss {loss:.2f}")

            def report(progress: TrainingProgress) -> None:
                speed = f"{progress.steps_per_second:.1f}/s"
                bar.update(second, completed=progress.step, total=progress.steps, figures=speed)

            trained = train_sketch(
                self.publication.run_folder,
                self.preset,
                seen,
                self.plan,
                further=self.further,
                weights=self.publication.home / "downloads",
                tuned=self._reused_backbone(seen),
                resume=self.resume,
                report_backbone=report_backbone,
                report=report,
                report_damaged=report_damaged,
                device=self.device,
            )
        folder = self.publication.publish(
            trained.iiae,
            trained.backbone,
            seed=self.plan.recipe.seed,
            data_fingerprint=self._fingerprint(seen),
            metrics=trained.metrics,
            calibration=trained.calibration,
            held_out=trained.held_out,
        )
        try:
            save_features(self.publication.run_folder / FEATURE_FILE, trained.features, folder.name)
        except OSError as error:
            Console(stderr=True).print(f"the features were not saved: {error}", style="yellow", markup=False)

    def _fingerprint(self, seen: SketchyFiles) -> str:
        """The fingerprint of all files that the training reads, and of the share that it holds back."""
        parts = [seen.fingerprint]
        if self.further is not None:
            parts.append(self.further.fingerprint)
        if self.plan.held_out:
            parts.append(f"held back {HELD_BACK}")
        return fingerprint_of(parts)

    def _reused_backbone(self, seen: SketchyFiles) -> Backbone | None:
        """Return the backbone of `backbone_of`, if it was fine-tuned on the same classes.

        Raises:
            typer.BadParameter: that checkpoint has another backbone, or was trained on other classes.
        """
        if self.backbone_of is None:
            return None
        folder = checkpoint.find(self.publication.store, self.backbone_of)
        manifest, _, backbone = checkpoint.load_parts(folder)
        wanted, found = self.preset.sketch, manifest.preset.sketch
        if backbone is None or wanted is None or found is None or found.backbone != wanted.backbone:
            name = "backbone" if wanted is None else wanted.backbone
            raise typer.BadParameter(f"{manifest.name} has no {name}", param_hint="--backbone-of")
        share, seed = self.plan.held_out, self.plan.recipe.seed
        held = held_out(seen.classes, share, seed) if share else ()
        if (manifest.data_fingerprint, manifest.held_out) != (self._fingerprint(seen), held):
            raise typer.BadParameter(
                f"{manifest.name} was trained on other classes: "
                "the data, --unseen, --doodles, --icons, --seed or --hold-out differs",
                param_hint="--backbone-of",
            )
        return backbone


def sketch_command(preset: Preset, sketch: SketchInput) -> Callable[..., None]:
    """Return the command that trains this preset; the preset gives the options' defaults.

    Args:
        preset: a preset of a sketch model.
        sketch: the same preset's `sketch`, which is not None.
    """

    def command(
        data: Data,
        home: Home = DEFAULT_HOME,
        name: Name = preset.name,
        unseen: Unseen = None,
        doodles: Annotated[
            Path | None,
            typer.Option(
                help="Folder of doodles in Quick, Draw!'s form, <class>.npy, to train on. Those of unseen "
                "classes and of their synonyms are left out.",
                show_default=False,
            ),
        ] = None,
        doodles_per_class: Annotated[
            int, typer.Option(min=1, help="The most doodles of a class to train on.")
        ] = FurtherFiles.doodles_per_class,
        icons: Annotated[
            Path | None,
            typer.Option(
                help="Folder with icon sets in Iconify's form, icons.json, to train on. Those of unseen "
                "classes and of their synonyms are left out.",
                show_default=False,
            ),
        ] = None,
        hold_out: Annotated[
            float,
            typer.Option(
                min=0, max=0.5, help="Share of the seen classes kept for model selection and calibration."
            ),
        ] = SketchPlan.held_out,
        domains: Domains = preset.domains,
        image_size: Annotated[
            int, typer.Option(min=32, help="Side of the pictures in pixels.")
        ] = preset.image_size,
        backbone: Annotated[
            BackboneName, typer.Option(help="The pretrained network to fine-tune.")
        ] = sketch.backbone,
        backbone_of: Annotated[
            str | None,
            typer.Option(
                help="Reuse the fine-tuned backbone of this checkpoint. Its data, split and seed must be "
                "the same.",
                show_default=False,
            ),
        ] = None,
        epochs: Annotated[int, typer.Option(min=1, help="Epochs of each fine-tuning.")] = Recipe.epochs,
        runs: Annotated[
            int, typer.Option(min=1, help="Fine-tunings whose weights are averaged.")
        ] = Recipe.runs,
        imagenet: Annotated[
            float, typer.Option(min=0, max=1, help="Share of ImageNet's weights in the kept backbone.")
        ] = Recipe.imagenet,
        jitter: Annotated[
            float,
            typer.Option(
                min=0, max=0.2, help="Largest displacement of sketched points, as a share of half a side."
            ),
        ] = Recipe.jitter,
        ink_dropout: Annotated[
            float, typer.Option(min=0, max=0.9, help="Largest share of a sketch's ink that is erased.")
        ] = Recipe.ink_dropout,
        steps: Annotated[
            int, typer.Option(min=1, help="Optimiser steps of IIAE on the features.")
        ] = SketchPlan.steps,
        batch: Batch = preset.batch_size,
        objective: Objective = "iiae",
        lam: Lambda = preset.lam,
        annealing: Annealing = preset.annealing,
        learning_rate: Annotated[
            float, typer.Option(min=1e-6, help="Of IIAE on the features.")
        ] = preset.learning_rate,
        seed: Seed = 0,
        device: Device = "auto",
        threads: Threads = None,
        terms: Terms = "not stated",
        trained_on: TrainedOn = None,
        half: Half = False,
        resume: Resume = False,
    ) -> None:
        check_extra()
        use_threads(threads)
        try:
            chosen = replace(
                preset,
                domains=domains,
                image_size=image_size,
                sketch=replace(sketch, backbone=backbone),
                batch_size=batch,
                lam=lam,
                annealing=annealing,
                learning_rate=learning_rate,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        recipe = Recipe(
            epochs=epochs, seed=seed, runs=runs, imagenet=imagenet, jitter=jitter, ink_dropout=ink_dropout
        )
        SketchTraining(
            preset=chosen,
            plan=SketchPlan(recipe=recipe, held_out=hold_out, steps=steps, objective=objective),
            data=data,
            unseen=unseen,
            further=further_files(doodles, icons, data, unseen, doodles_per_class)
            if doodles or icons
            else None,
            backbone_of=backbone_of,
            publication=publication(
                chosen, data, home=home, name=name, terms=terms, trained_on=trained_on, half=half
            ),
            resume=resume,
            device=choose_device(device),
        ).run()

    return command
