"""`iiae train mnist-cdcb|cars|facades|maps`: options and plan of an image model's training."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer

from model.baselines.run import TranslatorRun
from model.baselines.systems import SYSTEMS, translator_of
from model.cli.options import DEFAULT_HOME, Data, Device, Home, choose_device, refuse_unused
from model.cli.progress import progress_bar, report_damaged, report_left_out
from model.cli.train_options import (
    Annealing,
    Domains,
    Half,
    Lambda,
    Name,
    Objective,
    Publication,
    Resume,
    Seed,
    SystemOption,
    Terms,
    Threads,
    TrainedOn,
    publication,
    use_threads,
)
from model.data.open import open_pairs, varies
from model.data.pairs import LeavesOut, Pairs, Split
from model.evaluation.image_figures import translation_writer
from model.evaluation.retrieval import retrieval_validation
from model.evaluation.translation import translation_validation
from model.iiae import IIAE
from model.presets import ImageReader, Preset, SystemName
from model.training.loop import TrainingProgress, check_extra
from model.training.recipe import RecipeName, start_exclusive_codes
from model.training.run import Plan, Run

STEPS = 10_000
SPLITS: tuple[Split, Split] = ("train", "val")


Selection = Literal["retrieval", "translation"]
"""The figure of the validation pairs that chooses the weights: `retrieval_validation` or
`translation_validation`."""


@dataclass(frozen=True, kw_only=True)
class ImageTraining:
    """One training run of an image model, as the options ask for it."""

    preset: Preset
    plan: Plan
    data: Path
    augment: bool
    selection: Selection
    publication: Publication
    resume: bool

    def run(self) -> None:
        """Train, and publish the weights that were best on the validation pairs."""
        pairs, validation = (
            open_pairs(
                self.preset.reader,
                self.data,
                split,
                self.preset.image_size,
                self.preset.domains,
                augment=self.augment,
            )
            for split in SPLITS
        )
        report_damaged(pairs.damaged)
        if isinstance(pairs, LeavesOut):
            report_left_out(pairs.left_out)
        torch.manual_seed(self.plan.seed)
        with progress_bar() as bar:
            task = bar.add_task("training", total=self.plan.steps, figures="")

            def report(progress: TrainingProgress) -> None:
                best = f"  best {run.best['validation']:.3f}" if run.best else ""
                speed = f"{progress.steps_per_second:.1f}/s"
                name, value = next(iter(progress.terms.items()))
                bar.update(task, completed=progress.step, figures=f"{speed}  {name} {value:.1f}{best}")

            run = self._run(pairs, validation, report)
            run.conditions = {"--augment": self.augment, "--select": self.selection}
            if self.resume:
                run.resume()
            best = run.train()
        self.publication.publish(
            run.networks,
            seed=self.plan.seed,
            data_fingerprint=pairs.fingerprint,
            metrics={f"val_{key}": value for key, value in best.items()},
        )

    def _run(
        self, pairs: Pairs, validation: Pairs, report: Callable[[TrainingProgress], None]
    ) -> Run | TranslatorRun:
        folder, sample = self.publication.run_folder, translation_writer(validation)
        if self.preset.system != "iiae":
            return TranslatorRun(
                folder,
                translator_of(self.preset),
                pairs,
                self.plan,
                validate=translation_validation(validation),
                sample=sample,
                report=report,
            )
        iiae = IIAE(self.preset)
        if self.plan.recipe == "small":
            start_exclusive_codes(iiae)
        return Run(
            folder,
            iiae,
            pairs,
            self.plan,
            validate=self._validation(validation),
            sample=sample,
            report=report,
        )

    def _validation(self, pairs: Pairs) -> Callable[[IIAE], dict[str, float]]:
        return retrieval_validation(pairs) if self.selection == "retrieval" else translation_validation(pairs)


def _augments(system: SystemName, recipe: RecipeName) -> bool:
    return recipe == "small" if system == "iiae" else SYSTEMS[system].augment


def image_command(preset: Preset) -> Callable[..., None]:
    """Return the command that trains this preset; the preset gives the options' defaults."""

    def command(
        data: Data,
        home: Home = DEFAULT_HOME,
        name: Name = preset.name,
        system: SystemOption = "iiae",
        reader: Annotated[
            ImageReader | None,
            typer.Option(help=f"Form of the data; {preset.reader} if not given.", show_default=False),
        ] = None,
        domains: Domains = preset.domains,
        image_size: Annotated[
            int, typer.Option(min=32, help="Side of the pictures in pixels, a multiple of 32.")
        ] = preset.image_size,
        width: Annotated[
            float, typer.Option(min=0.01, max=4, help="Multiplies every channel count; 1 is the paper.")
        ] = preset.width,
        steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = STEPS,
        batch: Annotated[
            int | None,
            typer.Option(
                min=1,
                help=f"Pairs per step; if not given, {preset.batch_size}, or as another system's paper has.",
                show_default=False,
            ),
        ] = None,
        objective: Objective = "iiae",
        lam: Lambda = preset.lam,
        annealing: Annealing = preset.annealing,
        learning_rate: Annotated[float, typer.Option(min=1e-6, help="Adam's.")] = preset.learning_rate,
        warmup: Annotated[
            int, typer.Option(min=0, help="Steps over which the learning rate rises to its full value.")
        ] = 0,
        dropout: Annotated[
            float, typer.Option(min=0, max=0.9, help="Dropout of the decoders.")
        ] = preset.dropout,
        average: Annotated[
            float,
            typer.Option(
                min=0, max=0.99999, help="Decay of a moving average of the weights, e.g. 0.999; 0 for none."
            ),
        ] = 0.0,
        recipe: Annotated[
            RecipeName,
            typer.Option(
                help="paper trains as the paper does. small is for small pictures and few pairs: the "
                "exclusive codes start above their noise, paired pictures are cropped and mirrored at "
                "random, and digits get new colours in each draw."
            ),
        ] = "paper",
        every: Annotated[
            int, typer.Option(min=1, help="Steps between validations, saves and sample grids.")
        ] = 500,
        augment: Annotated[
            bool | None,
            typer.Option(
                "--augment/--no-augment",
                help="Whether training pairs vary from draw to draw; as the recipe or the other system's "
                "paper has it if not given.",
                show_default=False,
            ),
        ] = None,
        select: Annotated[
            Selection | None,
            typer.Option(
                help="What chooses the weights on validation pairs: retrieval, IIAE's default, or "
                "translation, the smallest error in the mean style, as for all other systems.",
                show_default=False,
            ),
        ] = None,
        seed: Seed = 0,
        workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 0,
        device: Device = "auto",
        threads: Threads = None,
        terms: Terms = "not stated",
        trained_on: TrainedOn = None,
        half: Half = False,
        resume: Resume = False,
    ) -> None:
        check_extra()
        choose_device(device)
        use_threads(threads)
        if system == "iiae":
            if batch == 1:
                raise typer.BadParameter("batch norm needs at least 2 pairs", param_hint="--batch")
            batch = batch or preset.batch_size
        else:
            batch = batch or SYSTEMS[system].batch_size
            of_iiae = {
                "--objective": objective != "iiae",
                "--lambda": lam != preset.lam,
                "--annealing": annealing != preset.annealing,
                "--recipe": recipe != "paper",
                "--warmup": warmup != 0,
                "--average": average != 0,
                "--dropout": dropout != preset.dropout,
            }
            refuse_unused({option: given or None for option, given in of_iiae.items()}, system)
            if select == "retrieval":
                raise typer.BadParameter(f"{system} is chosen by translation", param_hint="--select")
        if augment and not varies(reader or preset.reader, data):
            raise typer.BadParameter(f"pairs in {data} cannot vary from draw to draw", param_hint="--augment")
        try:
            chosen = replace(
                preset,
                system=system,
                reader=reader or preset.reader,
                domains=domains,
                image_size=image_size,
                width=width,
                batch_size=batch,
                lam=lam,
                annealing=annealing,
                learning_rate=learning_rate,
                dropout=dropout,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        plan = Plan(
            steps=steps,
            seed=seed,
            objective=objective,
            recipe=recipe,
            validate_every=every,
            save_every=every,
            sample_every=every,
            workers=workers,
            accelerator=device,
            warmup=warmup,
            average=average,
        )
        ImageTraining(
            preset=chosen,
            plan=plan,
            data=data,
            augment=_augments(system, recipe) if augment is None else augment,
            selection=select or ("retrieval" if system == "iiae" else "translation"),
            publication=publication(
                chosen, data, home=home, name=name, terms=terms, trained_on=trained_on, half=half
            ),
            resume=resume,
        ).run()

    return command
