"""Training IIAE: one loop on Fabric that logs every named term, keeps the best, and survives `kill -9`.

All randomness is a function of (seed, step): a run that was killed and resumed draws the same pairs, noise
and dropout as an undisturbed one, and ends with the same weights.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, Sampler

from model import objective
from model.data.pairs import Pairs
from model.errors import UserError
from model.iiae import IIAE
from model.presets import Preset
from model.scalar_log import ScalarLog
from model.storage import read_tensors, write_tensors

STATE, BEST = "state.safetensors", "best.safetensors"
NORM_BATCHES = 24
"""Batches over which batch norm's statistics are taken anew for averaged weights."""


class TrainingError(UserError):
    """A run cannot be started or resumed; a sentence that says why."""


EXTRA = ("lightning_fabric", "tensorboard")
"""What training needs beyond what serving does: the extra `train`."""


def check_extra() -> None:
    """Raises TrainingError where what trains is not installed: before the work, not after hours of it."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise TrainingError(
            f"{missing[0]} is not installed, which only training needs: pip install 'iiae[train]'"
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how to train; all intervals are in steps.

    Attributes:
        steps: optimiser steps in all.
        objective: a key of `model.objective.OBJECTIVES`.
        workers: processes that read pictures; 0 reads them in this one.
        warmup: steps over which the learning rate rises to the preset's; 0 begins with it, as the paper does. At rates
            above the paper's, zs otherwise takes up what is exclusive before zx is of use, and keeps it.
        average: decay of an exponential moving average of the weights (Polyak & Juditsky, 1992), which is then what is
            validated, drawn and kept; 0 keeps the weights themselves, as the paper does.
    """

    steps: int
    seed: int = 0
    objective: str = "iiae"
    validate_every: int = 1_000
    save_every: int = 500
    sample_every: int = 1_000
    log_every: int = 50
    workers: int = 0
    warmup: int = 0
    average: float = 0.0
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    accelerator: str = "auto"
    devices: int = 1


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands, for whoever shows it."""

    step: int
    steps: int
    steps_per_second: float
    terms: dict[str, float]
    validation: float | None


Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
Validate = Callable[[IIAE], dict[str, float]]
"""Figures of the present weights; the one called `validation` decides which weights are kept."""
Sample = Callable[[IIAE, Path], None]


class _Drawn(Dataset[tuple[Tensor, Tensor]]):
    """Pairs as they are drawn at one step: the generator is seeded by what is drawn and when."""

    def __init__(self, pairs: Pairs, seed: int) -> None:
        self.pairs, self.seed = pairs, seed

    def __getitem__(self, drawn: tuple[int, int]) -> tuple[Tensor, Tensor]:
        step, index = drawn
        return self.pairs.pair(index, np.random.default_rng((self.seed, step, index)))


class _Batches(Sampler[list[tuple[int, int]]]):
    """Which pairs each step takes: shuffled epochs without end, from any step on, this process's share."""

    def __init__(self, count: int, plan: Plan, batch: int, *, start: int, rank: int, world: int) -> None:
        self.count, self.plan, self.batch, self.start, self.rank, self.world = (
            count,
            plan,
            batch,
            start,
            rank,
            world,
        )

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = -1, np.empty(0, np.int64)
        for step in range(self.start, self.plan.steps):
            drawn = []
            for place in range(step * self.batch, (step + 1) * self.batch):
                if place // self.count != epoch:
                    epoch = place // self.count
                    order = np.random.default_rng((self.plan.seed, epoch)).permutation(self.count)
                drawn.append((step, int(order[place % self.count])))
            yield drawn[self.rank :: self.world]


class Run:
    """One training run in its folder: `state.safetensors`, `best.safetensors`, `metrics.csv`, TensorBoard, samples.

    Args:
        folder: where all of it goes.
        iiae: the networks to train, as initialised.
        pairs: what to train on.
        plan: how.
        validate: gives the figures of the present weights.
        sample: writes a grid of pictures to a path.
        report: is told of progress every `log_every` steps.
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
        report: Callable[[Progress], None] | None = None,
    ) -> None:
        self.folder, self.iiae, self.pairs, self.plan = folder, iiae, pairs, plan
        self.validate, self.sample, self.report = validate, sample, report
        self.preset: Preset = iiae.preset
        self.optimiser = torch.optim.Adam(iiae.parameters(), self.preset.learning_rate, self.preset.betas)
        self.averaged = (
            AveragedModel(iiae, multi_avg_fn=get_ema_multi_avg_fn(plan.average)) if plan.average else None
        )
        self.step = 0
        self.best: dict[str, float] = {}

    def identity(self) -> dict[str, object]:
        """What must be the same for a run to be resumed."""
        plan = {
            key: value
            for key, value in asdict(self.plan).items()
            if key in {"seed", "objective", "warmup", "average"}
        }
        return {
            "preset": json.loads(json.dumps(asdict(self.preset))),
            "plan": plan,
            "data": self.pairs.fingerprint,
        }

    def resume(self) -> bool:
        """Goes back to the last save; False where there is none.

        Raises:
            TrainingError: the save is of another preset, plan or data set.
        """
        path = self.folder / STATE
        if not path.exists():
            return False
        tensors, note = read_tensors(path)
        if note["identity"] != self.identity():
            raise TrainingError(
                f"{self.folder} holds a run of another preset, plan or data set; give it another folder, or leave out --resume"
            )
        self.iiae.load_state_dict(
            {key.removeprefix("iiae."): value for key, value in tensors.items() if key.startswith("iiae.")}
        )
        if self.averaged is not None:
            self.averaged.load_state_dict(
                {
                    key.removeprefix("averaged."): value
                    for key, value in tensors.items()
                    if key.startswith("averaged.")
                }
            )
        state = self.optimiser.state_dict()
        for index in range(len(state["param_groups"][0]["params"])):
            state["state"][index] = {
                field: tensors[f"adam.{index}.{field}"] for field in ("step", "exp_avg", "exp_avg_sq")
            }
        self.optimiser.load_state_dict(state)
        self.step = int(str(note["step"]))
        best = note["best"]
        self.best = {str(key): float(value) for key, value in best.items()} if isinstance(best, dict) else {}
        return True

    def train(self) -> dict[str, float]:
        """Trains to the plan's end, puts the best weights into `iiae` and returns their figures."""
        from lightning_fabric import Fabric  # of the extra `train`

        fabric = Fabric(
            accelerator=self.plan.accelerator, devices=self.plan.devices, precision=_precision(self.plan)
        )
        fabric.launch()
        self.folder.mkdir(parents=True, exist_ok=True)
        model, optimiser = fabric.setup(_channels_last(self.iiae), self.optimiser)
        if self.averaged is not None:
            self.averaged.to(fabric.device)
        batches = _Batches(
            len(self.pairs),
            self.plan,
            self.preset.batch_size,
            start=self.step,
            rank=fabric.global_rank,
            world=fabric.world_size,
        )
        loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(
            _Drawn(self.pairs, self.plan.seed),
            batch_sampler=batches,
            num_workers=self.plan.workers,
            pin_memory=fabric.device.type == "cuda",
        )
        maximised = objective.OBJECTIVES[self.plan.objective]
        from_shared = self.plan.objective in objective.NEEDS_SHARED_DECODING
        log = ScalarLog(self.folder, self.step) if fabric.is_global_zero else None
        since, began = self.step, monotonic()
        for x, y in fabric.setup_dataloaders(loader, use_distributed_sampler=False):
            generator = _seeded(self.plan.seed, self.step, fabric.global_rank, fabric.device)
            t = objective.terms(self.preset, x, y, model(x, y, generator, from_shared=from_shared))
            annealed = t.annealed(1 - float(np.exp(-self.step / self.preset.annealing)))
            optimiser.zero_grad(set_to_none=True)
            fabric.backward(-maximised(annealed, self.preset.lam))
            self._warm_up()
            optimiser.step()
            self.step += 1
            if self.averaged is not None:
                self.averaged.update_parameters(self.iiae)
            if log is not None:
                self._after_step(log, t, (self.step - since) / (monotonic() - began))
        if log is not None:
            log.close()
        fabric.barrier()
        tensors, note = read_tensors(self.folder / BEST)
        self.iiae.load_state_dict(tensors)
        best = note["figures"]
        return {str(key): float(value) for key, value in best.items()} if isinstance(best, dict) else {}

    def _warm_up(self) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.preset.learning_rate * min(1.0, (self.step + 1) / max(1, self.plan.warmup))

    def _after_step(self, log: ScalarLog, t: objective.Terms, speed: float) -> None:
        plan, last = self.plan, self.step == self.plan.steps
        figures: dict[str, float] = {}
        validates, draws = (
            self.step % plan.validate_every == 0 or last,
            self.sample is not None and (self.step % plan.sample_every == 0 or last),
        )
        judged = self._judged() if validates or draws else self.iiae
        if validates:
            figures = self.validate(judged)
            if figures["validation"] >= self.best.get("validation", -np.inf):
                self.best = {**figures, "step": float(self.step)}
                write_tensors(self.folder / BEST, judged.state_dict(), {"figures": self.best})
        if self.sample is not None and draws:
            self.sample(judged, self.folder / f"samples-{self.step:07d}.png")
        self.iiae.train()
        if self.step % plan.log_every == 0 or figures or last:
            terms = {name: float(value.detach()) for name, value in vars(t).items() if value is not None}
            log.write(self.step, {**terms, **figures})
            if self.report is not None:
                self.report(
                    Progress(
                        step=self.step,
                        steps=plan.steps,
                        steps_per_second=speed,
                        terms=terms,
                        validation=figures.get("validation"),
                    )
                )
        if self.step % plan.save_every == 0 or last:
            self._save()

    def _judged(self) -> IIAE:
        """The weights that are validated, drawn and kept, in evaluation mode.

        Batch norm's statistics of averaged weights are those of no step, so they are taken anew from training pairs
        (Izmailov et al., 2018).
        """
        if self.averaged is None:
            return self.iiae.eval()
        iiae = self.averaged.module.train()
        assert isinstance(iiae, IIAE)
        norms = [(module, module.momentum) for module in iiae.modules() if isinstance(module, _BatchNorm)]
        for module, _ in norms:
            module.reset_running_stats()
            module.momentum = None  # the mean of all batches
        rng = np.random.default_rng((self.plan.seed, self.step))
        device = next(iiae.parameters()).device
        with torch.no_grad():
            for chosen in rng.integers(0, len(self.pairs), (NORM_BATCHES, self.preset.batch_size)):
                x, y = (
                    torch.stack(side).to(device)
                    for side in zip(*(self.pairs.pair(int(index), rng) for index in chosen), strict=True)
                )
                iiae(x, y, _seeded(self.plan.seed, self.step, 0, device))
        for module, momentum in norms:
            module.momentum = momentum
        return iiae.eval()

    def _save(self) -> None:
        tensors = {f"iiae.{key}": value for key, value in self.iiae.state_dict().items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{field}": torch.as_tensor(value) for field, value in state.items()}
        if self.averaged is not None:
            tensors |= {f"averaged.{key}": value for key, value in self.averaged.state_dict().items()}
        write_tensors(
            self.folder / STATE, tensors, {"identity": self.identity(), "step": self.step, "best": self.best}
        )


def _seeded(seed: int, step: int, rank: int, device: torch.device) -> torch.Generator:
    """The step's noise generator; dropout draws from torch's own, which is seeded alike."""
    entropy = int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0]) >> 1
    torch.manual_seed(entropy)
    return torch.Generator(device).manual_seed(entropy)


def _channels_last(iiae: IIAE) -> IIAE:
    moved: IIAE = iiae.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has it, its stubs do not
    return moved


def _precision(plan: Plan) -> Precision:
    """bfloat16 autocast where it was measured to help: on CUDA, and on CPUs that have bfloat16 arithmetic."""
    if plan.precision != "auto":
        return plan.precision
    has_bf16 = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if has_bf16 else "32-true"
