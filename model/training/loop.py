"""The loop that trains IIAE and the compared systems.

It draws pairs, logs every term, keeps the best weights, and survives `kill -9`. All randomness is a function
of (seed, step). On a CPU, a run that was killed and resumed ends with the same weights as an uninterrupted
one.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Generic, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from model.data.pairs import Pairs, on_device
from model.storage import read_tensors, write_tensors
from model.training.batches import DeviceBatches, StepBatches, StepPairs
from model.training.errors import TrainingError
from model.training.scalar_log import ScalarLog

STATE, BEST = "state.safetensors", "best.safetensors"
EXTRA = ("lightning_fabric", "tensorboard")
"""The packages that only training needs: the extra `train`."""

M = TypeVar("M", bound=nn.Module)
Figures = dict[str, float]


def check_extra() -> None:
    """Raise TrainingError if a package that training needs is missing."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise TrainingError(f"{missing[0]}, which training needs, is missing; run: pip install 'iiae[train]'")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The length of a training run, and its intervals, in steps.

    Attributes:
        steps: optimiser steps in all.
        workers: processes that read pictures; 0 reads them in the training process.
    """

    steps: int
    seed: int = 0
    validate_every: int = 1_000
    save_every: int = 500
    sample_every: int = 1_000
    log_every: int = 50
    workers: int = 0
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"


@dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """The state of a run, for display."""

    step: int
    steps: int
    steps_per_second: float
    terms: Figures
    validation: float | None


class TrainingRun(ABC, Generic[M]):
    """One training run and its folder: saved state, best weights, `metrics.csv`, TensorBoard files, samples.

    Args:
        folder: the folder of the run's files.
        networks: the networks to train, as initialised.
        pairs: the training pairs.
        batch_size: pairs per step.
        schedule: the length of the run.
        validate: computes figures of the current weights; the highest `validation` marks the best weights.
        sample: writes a grid of pictures to a path.
        report: receives the progress every `log_every` steps.

    Attributes:
        conditions: further settings that a run must be resumed with, such as whether its pairs vary.
    """

    def __init__(
        self,
        folder: Path,
        networks: M,
        pairs: Pairs,
        batch_size: int,
        schedule: Schedule,
        *,
        validate: Callable[[M], Figures],
        sample: Callable[[M, Path], None] | None,
        report: Callable[[TrainingProgress], None] | None,
    ) -> None:
        self.folder, self.networks, self.pairs = folder, networks, pairs
        self.batch_size, self.schedule = batch_size, schedule
        self.validate, self.sample, self.report = validate, sample, report
        self.step = 0
        self.seconds = 0.0
        self.best: Figures = {}
        self.conditions: dict[str, str | bool] = {}

    @abstractmethod
    def identity(self) -> dict[str, object]:
        """Return the settings that must be the same for a run to be resumed."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Return the state of the networks and the optimisers, to be saved."""

    @abstractmethod
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `tensors` returned."""

    @abstractmethod
    def start(self) -> torch.device:
        """Move the networks and the optimisers to the device that trains them, and return it."""

    @abstractmethod
    def update(self, x: Tensor, y: Tensor) -> Mapping[str, Tensor]:
        """Take step `self.step` with a batch on the device, and return its named terms."""

    @abstractmethod
    def evaluated(self) -> M:
        """Return the weights that are validated, sampled and kept, in evaluation mode."""

    def resume(self) -> bool:
        """Restore the last save; returns False if there is none.

        Raises:
            TrainingError: the save is of another preset, plan or data set.
        """
        path = self.folder / STATE
        if not path.exists():
            return False
        tensors, note = read_tensors(path)
        if note["identity"] != self.identity():
            raise TrainingError(
                f"{self.folder} holds a run of another preset, plan or data set; "
                "use another name, or leave out --resume"
            )
        for name, value in self.conditions.items():
            before = _mapping(note.get("conditions")).get(name, value)  # earlier versions saved none
            if before != value:
                raise TrainingError(
                    f"{self.folder} holds a run with {name} {before}, not {value}; "
                    "use the same, or another name"
                )
        self.load(tensors)
        self.step = int(str(note["step"]))
        self.seconds = float(str(note.get("seconds", 0)))
        self.best = _figures(note["best"])
        return True

    def train(self, until: float = math.inf) -> Figures:
        """Train to the schedule's end, load the best weights into the networks, and return their figures.

        Args:
            until: the `time.monotonic()` at which to stop and save before that. A new run can resume it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        device = self.start()
        log = ScalarLog(self.folder, self.step)
        first_step, started, seconds_before = self.step, monotonic(), self.seconds
        for x, y in self._batches(device):
            terms = self.update(x.to(device), y.to(device))
            self.step += 1
            elapsed = monotonic() - started
            self.seconds = seconds_before + elapsed
            last = self.step == self.schedule.steps or monotonic() >= until
            self._after_step(log, terms, (self.step - first_step) / elapsed, last=last)
            if last:
                break
        log.close()
        tensors, note = read_tensors(self.folder / BEST)
        self.networks.load_state_dict(tensors)
        return _figures(note["figures"])

    def _batches(self, device: torch.device) -> Iterable[tuple[Tensor, Tensor]]:
        """The batches of all steps. Pairs that a CUDA device can keep are made there."""
        schedule = self.schedule
        keys = StepBatches(
            len(self.pairs), self.batch_size, schedule.seed, start=self.step, steps=schedule.steps
        )
        if (kept := on_device(self.pairs, device)) is not None:
            return DeviceBatches(kept, keys, schedule.seed)
        return DataLoader(
            StepPairs(self.pairs, schedule.seed),
            batch_sampler=keys,
            num_workers=schedule.workers,
            pin_memory=device.type == "cuda",
        )

    def _after_step(
        self, log: ScalarLog, terms: Mapping[str, Tensor], steps_per_second: float, *, last: bool
    ) -> None:
        """Validate, sample, log and save, if this step is due for it; the last step is due for all."""
        schedule = self.schedule
        figures: Figures = {}

        def due(every: int) -> bool:
            return last or self.step % every == 0

        validates = due(schedule.validate_every)
        samples = self.sample is not None and due(schedule.sample_every)
        if validates or samples:
            evaluated = self.evaluated()
            if validates:
                figures = self._validate(evaluated)
            if self.sample is not None and samples:
                self.sample(evaluated, self.folder / f"samples-{self.step:07d}.png")
            self.networks.train()
        if figures or due(schedule.log_every):
            values = {name: float(value.detach()) for name, value in terms.items()}
            log.write(self.step, {**values, **figures})
            if self.report is not None:
                progress = TrainingProgress(
                    step=self.step,
                    steps=schedule.steps,
                    steps_per_second=steps_per_second,
                    terms=values,
                    validation=figures.get("validation"),
                )
                self.report(progress)
        if due(schedule.save_every):
            self.save()

    def _validate(self, evaluated: M) -> Figures:
        """Return the figures of these weights, and keep the weights if they are the best so far."""
        figures = self.validate(evaluated)
        if not math.isfinite(figures["validation"]):
            raise TrainingError(
                f"after step {self.step}, validation is not a number: the training diverged; "
                "lower the learning rate"
            )
        if figures["validation"] >= self.best.get("validation", -math.inf):
            self.best = {**figures, "step": float(self.step)}
            write_tensors(self.folder / BEST, evaluated.state_dict(), {"figures": self.best})
        return figures

    def save(self) -> None:
        """Save the run's state, atomically."""
        note = {
            "identity": self.identity(),
            "conditions": self.conditions,
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
        }
        write_tensors(self.folder / STATE, self.tensors(), note)


def _mapping(note: object) -> dict[str, object]:
    return note if isinstance(note, dict) else {}


def _figures(note: object) -> Figures:
    return {str(key): float(value) for key, value in note.items()} if isinstance(note, dict) else {}
