"""Training IIAE: one loop on one device that logs every term, keeps the best weights, and survives `kill -9`.

All randomness is a function of (seed, step). A run that was killed and resumed ends with the same weights as
an uninterrupted one.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from model import objective
from model.data.pairs import Pairs, on_device
from model.iiae import IIAE
from model.objective import ObjectiveName
from model.presets import Preset
from model.storage import read_tensors, write_tensors
from model.training.averaging import estimate_statistics
from model.training.batches import DeviceBatches, StepBatches, StepPairs
from model.training.captured_update import CapturedUpdate
from model.training.errors import TrainingError
from model.training.optimiser_state import load_optimiser, move_optimiser, optimiser_tensors
from model.training.recipe import RecipeName
from model.training.scalar_log import ScalarLog
from model.training.update import Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric  # in the extra `train`

STATE, BEST = "state.safetensors", "best.safetensors"
MOMENTUM = 0.9
EXTRA = ("lightning_fabric", "tensorboard")
"""The packages that only training needs: the extra `train`."""


def check_extra() -> None:
    """Raise TrainingError if a package that training needs is missing."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise TrainingError(f"{missing[0]}, which training needs, is missing; run: pip install 'iiae[train]'")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The length and the method of a training run; all intervals are in steps.

    Attributes:
        steps: optimiser steps in all.
        objective: a key of `model.objective.OBJECTIVES`.
        recipe: whether to train as the paper does, or with our deviations (`model.training.recipe`).
        workers: processes that read pictures; 0 reads them in the training process.
        warmup: steps over which the learning rate rises to the preset's; 0 starts with it, as the paper does.
            At rates above the paper's, zs otherwise takes up exclusive information before zx is useful, and
            keeps it.
        average: decay of an exponential moving average of the weights (Polyak & Juditsky, 1992), which is
            then validated, sampled and kept; 0 uses the weights themselves, as the paper does.
        cuda_graph: on a CUDA device, capture a step of Adam once and replay it (`captured_update`).
        optimiser: Adam, as in the paper, or gradient descent with momentum. From a start that is meaningful,
            plain gradients change strong directions of the inputs first, as a ridge regression does.
    """

    steps: int
    seed: int = 0
    objective: ObjectiveName = "iiae"
    recipe: RecipeName = "paper"
    validate_every: int = 1_000
    save_every: int = 500
    sample_every: int = 1_000
    log_every: int = 50
    workers: int = 0
    warmup: int = 0
    average: float = 0.0
    optimiser: Literal["adam", "sgd"] = "adam"
    cuda_graph: bool = True
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"


IDENTITY = frozenset({"seed", "objective", "recipe", "warmup", "average"})
"""The fields of a plan that must be the same when a run is resumed."""


@dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """The state of a run, for display."""

    step: int
    steps: int
    steps_per_second: float
    terms: dict[str, float]
    validation: float | None


Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
Validate = Callable[[IIAE], dict[str, float]]
"""Computes figures of the current weights; the highest `validation` marks the best weights."""
Sample = Callable[[IIAE, Path], None]
"""Writes a grid of pictures to a path."""


class Run:
    """One training run and its folder: saved state, best weights, `metrics.csv`, TensorBoard files, samples.

    Args:
        folder: the folder of the run's files.
        iiae: the networks to train, as initialised.
        pairs: the training pairs.
        plan: the length and the method.
        validate: computes the figures that choose the best weights.
        sample: writes a grid of pictures to a path.
        report: receives the progress every `log_every` steps.
    """

    def __init__(
        self,
        folder: Path,
        iiae: IIAE,
        pairs: Pairs,
        plan: Plan,
        *,
        validate: Validate,
        sample: Sample | None = None,
        report: Callable[[TrainingProgress], None] | None = None,
    ) -> None:
        self.folder, self.iiae, self.pairs, self.plan = folder, iiae, pairs, plan
        self.validate, self.sample, self.report = validate, sample, report
        self.preset: Preset = iiae.preset
        self.optimiser = _optimiser(iiae, self.preset, plan)
        self.averaged = (
            AveragedModel(iiae, multi_avg_fn=get_ema_multi_avg_fn(plan.average)) if plan.average else None
        )
        self.step = 0
        self.seconds = 0.0
        self.best: dict[str, float] = {}

    def identity(self) -> dict[str, object]:
        """Return the settings that must be the same for a run to be resumed."""
        return {
            "preset": json.loads(json.dumps(asdict(self.preset))),
            "plan": {key: value for key, value in asdict(self.plan).items() if key in IDENTITY},
            "data": self.pairs.fingerprint,
        }

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
        self.iiae.load_state_dict(_with_prefix(tensors, "iiae."))
        if self.averaged is not None:
            self.averaged.load_state_dict(_with_prefix(tensors, "averaged."))
        load_optimiser(self.optimiser, tensors)
        self.step = int(str(note["step"]))
        self.seconds = float(str(note.get("seconds", 0)))
        self.best = _figures(note["best"])
        return True

    def train(self, until: float = math.inf) -> dict[str, float]:
        """Train to the plan's end, load the best weights into `iiae`, and return their figures.

        Args:
            until: the `time.monotonic()` at which to stop before the plan's end. The run is saved, and can be
                resumed.
        """
        from lightning_fabric import Fabric  # in the extra `train`

        fabric = Fabric(accelerator=self.plan.accelerator, devices=1, precision=_precision(self.plan))
        fabric.launch()
        self.folder.mkdir(parents=True, exist_ok=True)
        model, optimiser = fabric.setup(_channels_last(self.iiae), self.optimiser)
        move_optimiser(self.optimiser)
        if self.averaged is not None:
            self.averaged.to(fabric.device)
            # Each step asks for this count. Reading it from a GPU would wait for the whole step.
            self.averaged.n_averaged = self.averaged.n_averaged.cpu()
        captures = fabric.device.type == "cuda" and self.plan.cuda_graph and self.plan.optimiser == "adam"
        kind = CapturedUpdate if captures else Update
        update = kind(fabric, model, optimiser, self.preset, self.plan.objective)
        log = ScalarLog(self.folder, self.step)
        first_step, started, seconds_before = self.step, monotonic(), self.seconds
        for x, y in self._batches(fabric):
            learning_rate = self.preset.learning_rate * min(1.0, (self.step + 1) / max(1, self.plan.warmup))
            annealing = 1 - math.exp(-self.step / self.preset.annealing)
            t = update(
                x, y, seed=self.plan.seed, step=self.step, learning_rate=learning_rate, annealing=annealing
            )
            self.step += 1
            if self.averaged is not None:
                self.averaged.update_parameters(self.iiae)
            elapsed = monotonic() - started
            self.seconds = seconds_before + elapsed
            last = self.step == self.plan.steps or monotonic() >= until
            self._after_step(log, t, (self.step - first_step) / elapsed, last=last)
            if last:
                break
        log.close()
        tensors, note = read_tensors(self.folder / BEST)
        self.iiae.load_state_dict(tensors)
        return _figures(note["figures"])

    def _batches(self, fabric: "Fabric") -> Iterable[tuple[Tensor, Tensor]]:
        """The batches of all steps, on the device. Pairs that can be kept on a CUDA device are made there."""
        plan, device = self.plan, fabric.device
        keys = StepBatches(
            len(self.pairs), self.preset.batch_size, plan.seed, start=self.step, steps=plan.steps
        )
        if (kept := on_device(self.pairs, device)) is not None:
            return DeviceBatches(kept, keys, plan.seed)
        loader = DataLoader(
            StepPairs(self.pairs, plan.seed),
            batch_sampler=keys,
            num_workers=plan.workers,
            pin_memory=device.type == "cuda",
        )
        return cast(
            "Iterable[tuple[Tensor, Tensor]]", fabric.setup_dataloaders(loader, use_distributed_sampler=False)
        )

    def _after_step(self, log: ScalarLog, t: objective.Terms, steps_per_second: float, *, last: bool) -> None:
        """Validate, sample, log and save, if this step is due for it; the last step is due for all."""
        plan = self.plan
        figures: dict[str, float] = {}

        def due(every: int) -> bool:
            return last or self.step % every == 0

        validates = due(plan.validate_every)
        samples = self.sample is not None and due(plan.sample_every)
        evaluated = self._evaluated() if validates or samples else self.iiae
        if validates:
            figures = self._validate(evaluated)
        if self.sample is not None and samples:
            self.sample(evaluated, self.folder / f"samples-{self.step:07d}.png")
        if validates or samples:
            self.iiae.train()
        if figures or due(plan.log_every):
            terms = {name: float(value.detach()) for name, value in vars(t).items() if value is not None}
            log.write(self.step, {**terms, **figures})
            if self.report is not None:
                progress = TrainingProgress(
                    step=self.step,
                    steps=plan.steps,
                    steps_per_second=steps_per_second,
                    terms=terms,
                    validation=figures.get("validation"),
                )
                self.report(progress)
        if due(plan.save_every):
            self._save()

    def _validate(self, evaluated: IIAE) -> dict[str, float]:
        """Return the figures of these weights, and keep the weights if they are the best so far."""
        figures = self.validate(evaluated)
        if figures["validation"] >= self.best.get("validation", -math.inf):
            self.best = {**figures, "step": float(self.step)}
            write_tensors(self.folder / BEST, evaluated.state_dict(), {"figures": self.best})
        return figures

    def _evaluated(self) -> IIAE:
        """Return the weights that are validated, sampled and kept, in evaluation mode."""
        if self.averaged is None:
            return self.iiae.eval()
        iiae = self.averaged.module
        assert isinstance(iiae, IIAE)
        statistics_of = objective.statistics_of(self.plan.objective)
        estimate_statistics(iiae, self.pairs, self.plan.seed, self.step, statistics_of)
        return iiae.eval()

    def _save(self) -> None:
        tensors = {f"iiae.{key}": value for key, value in self.iiae.state_dict().items()}
        tensors |= optimiser_tensors(self.optimiser)
        if self.averaged is not None:
            tensors |= {f"averaged.{key}": value for key, value in self.averaged.state_dict().items()}
        note = {"identity": self.identity(), "step": self.step, "seconds": self.seconds, "best": self.best}
        write_tensors(self.folder / STATE, tensors, note)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _figures(note: object) -> dict[str, float]:
    return {str(key): float(value) for key, value in note.items()} if isinstance(note, dict) else {}


def _channels_last(iiae: IIAE) -> IIAE:
    channels_last = torch.channels_last
    moved: IIAE = iiae.to(memory_format=channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return moved


def _optimiser(iiae: IIAE, preset: Preset, plan: Plan) -> torch.optim.Optimizer:
    if plan.optimiser == "sgd":
        return torch.optim.SGD(iiae.parameters(), preset.learning_rate, momentum=MOMENTUM)
    return torch.optim.Adam(iiae.parameters(), preset.learning_rate, preset.betas)


def _precision(plan: Plan) -> Precision:
    """Return the plan's precision; `auto` takes bfloat16 on CUDA and on CPUs that compute in it."""
    if plan.precision != "auto":
        return plan.precision
    has_bf16 = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if has_bf16 else "32-true"
