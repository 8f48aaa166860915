"""Options that all `iiae train` commands share, and what they publish."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from model import checkpoint
from model.baselines.translator import Translator
from model.iiae import IIAE
from model.objective import ObjectiveName
from model.presets import Preset, QueryKind, SystemName
from model.sketch.backbone.backbone import Backbone
from model.sketch.calibration import Calibration

Name = Annotated[str, typer.Option(help=f"The checkpoint's name; {checkpoint.NAME_RULE}.")]
Batch = Annotated[int, typer.Option(min=2, help="Pairs per step.")]
SystemOption = Annotated[SystemName, typer.Option(help="IIAE, or a system that the paper compares it with.")]
Lambda = Annotated[float, typer.Option("--lambda", help="Weight of the information preference.")]
Annealing = Annotated[
    float, typer.Option(min=1, help="a0: the prior KLs are multiplied by 1 - exp(-step / a0).")
]
Objective = Annotated[ObjectiveName, typer.Option(help="iiae, or an ablation of Table 6.")]
Domains = Annotated[tuple[str, str], typer.Option(help="Names of X and Y.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="CPU threads; torch's default if not given.", show_default=False)
]
Terms = Annotated[str, typer.Option(help="Terms of use of the data, for the manifest.")]
TrainedOn = Annotated[
    str | None, typer.Option(help="Description of the data, for the manifest.", show_default=False)
]
Half = Annotated[bool, typer.Option("--half", help="Publish in half precision.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the last save of this name's run.")]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Where a run keeps its files, and how its checkpoint is published.

    Attributes:
        home: folder with checkpoints/ and runs/.
        name: the checkpoint's name.
        trained_on, terms, command: entries of the manifest.
        half: whether weights are stored in half precision.
    """

    home: Path
    name: str
    trained_on: str
    terms: str
    command: str
    half: bool

    @property
    def store(self) -> Path:
        """The folder of published checkpoints."""
        return self.home / "checkpoints"

    @property
    def run_folder(self) -> Path:
        """The folder of the run's saves and logs."""
        return self.home / "runs" / self.name

    def publish(
        self,
        trained: IIAE | Translator,
        backbone: Backbone | None = None,
        *,
        seed: int,
        data_fingerprint: str,
        metrics: dict[str, float],
        calibration: dict[QueryKind, Calibration] | None = None,
        held_out: tuple[str, ...] | None = None,
    ) -> Path:
        """Add the trained networks to the store, print where they are, and return that folder."""
        folder = checkpoint.publish(
            self.store,
            self.name,
            trained,
            backbone,
            trained_on=self.trained_on,
            terms=self.terms,
            command=self.command,
            seed=seed,
            data_fingerprint=data_fingerprint,
            metrics=metrics,
            calibration=calibration,
            held_out=held_out,
            half=self.half,
        )
        Console().print(f"published [bold]{self.name}[/] as {folder}", soft_wrap=True)
        return folder


def publication(
    preset: Preset, data: Path, *, home: Path, name: str, terms: str, trained_on: str | None, half: bool
) -> Publication:
    """Return the publication that the options ask for.

    Raises:
        typer.BadParameter: the name is not allowed.
    """
    if not checkpoint.NAME.fullmatch(name):
        raise typer.BadParameter(checkpoint.NAME_RULE, param_hint="--name")
    return Publication(
        home=home,
        name=name,
        trained_on=trained_on or f"{preset.reader} data in a folder called {data.resolve().name}",
        terms=terms,
        command=_command(),
        half=half,
    )


def use_threads(threads: int | None) -> None:
    """Limit torch to this many CPU threads."""
    if threads is not None:
        torch.set_num_threads(threads)


def _command() -> str:
    """Return the command line without --resume, because a resumed run equals an uninterrupted one."""
    return shlex.join(["iiae", *(word for word in sys.argv[1:] if word != "--resume")])
