"""Training IIAE: one optimiser, whose steps a CUDA device replays as a graph, and averaged weights."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model import objective
from model.data.pairs import Pairs
from model.iiae import IIAE
from model.objective import ObjectiveName
from model.presets import Preset
from model.training.averaging import estimate_statistics
from model.training.captured_update import CapturedUpdate
from model.training.loop import Figures, Schedule, TrainingProgress, TrainingRun
from model.training.optimiser_state import load_optimiser, move_optimiser, optimiser_tensors
from model.training.recipe import RecipeName
from model.training.update import Update

MOMENTUM = 0.9


@dataclass(frozen=True, kw_only=True)
class Plan(Schedule):
    """The length and the method of a training run.

    Attributes:
        objective: a key of `model.objective.OBJECTIVES`.
        recipe: whether to train as the paper does, or with our deviations (`model.training.recipe`).
        warmup: steps over which the learning rate rises to the preset's; 0 starts with it, as the paper does.
            At rates above the paper's, zs otherwise takes up exclusive information before zx is useful, and
            keeps it.
        average: decay of an exponential moving average of the weights (Polyak & Juditsky, 1992), which is
            then validated, sampled and kept; 0 uses the weights themselves, as the paper does.
        cuda_graph: on a CUDA device, capture a step of Adam once and replay it (`captured_update`).
        optimiser: Adam, as in the paper, or gradient descent with momentum. From a start that is meaningful,
            plain gradients change strong directions of the inputs first, as a ridge regression does.
    """

    objective: ObjectiveName = "iiae"
    recipe: RecipeName = "paper"
    warmup: int = 0
    average: float = 0.0
    optimiser: Literal["adam", "sgd"] = "adam"
    cuda_graph: bool = True
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"


IDENTITY = frozenset({"seed", "objective", "recipe", "warmup", "average"})
"""The fields of a plan that must be the same when a run is resumed."""

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
Validate = Callable[[IIAE], Figures]
Sample = Callable[[IIAE, Path], None]


class Run(TrainingRun[IIAE]):
    """A training run of IIAE.

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
        self.preset: Preset = iiae.preset
        super().__init__(
            folder,
            iiae,
            pairs,
            self.preset.batch_size,
            plan,
            validate=validate,
            sample=sample,
            report=report,
        )
        self.plan = plan
        self.optimiser = _optimiser(iiae, self.preset, plan)
        self.averaged = (
            AveragedModel(iiae, multi_avg_fn=get_ema_multi_avg_fn(plan.average)) if plan.average else None
        )

    @property
    def iiae(self) -> IIAE:
        """The networks."""
        return self.networks

    def identity(self) -> dict[str, object]:
        return {
            "preset": json.loads(json.dumps(asdict(self.preset))),
            "plan": {key: value for key, value in asdict(self.plan).items() if key in IDENTITY},
            "data": self.pairs.fingerprint,
        }

    def tensors(self) -> dict[str, Tensor]:
        tensors = {f"iiae.{key}": value for key, value in self.iiae.state_dict().items()}
        tensors |= optimiser_tensors(self.optimiser)
        if self.averaged is not None:
            tensors |= {f"averaged.{key}": value for key, value in self.averaged.state_dict().items()}
        return tensors

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        self.iiae.load_state_dict(_with_prefix(tensors, "iiae."))
        if self.averaged is not None:
            self.averaged.load_state_dict(_with_prefix(tensors, "averaged."))
        load_optimiser(self.optimiser, tensors)

    def start(self) -> torch.device:
        from lightning_fabric import Fabric  # in the extra `train`

        fabric = Fabric(accelerator=self.plan.accelerator, devices=1, precision=_precision(self.plan))
        fabric.launch()
        model, optimiser = fabric.setup(_channels_last(self.iiae), self.optimiser)
        move_optimiser(self.optimiser)
        if self.averaged is not None:
            self.averaged.to(fabric.device)
            # Each step asks for this count. Reading it from a GPU would wait for the whole step.
            self.averaged.n_averaged = self.averaged.n_averaged.cpu()
        captures = fabric.device.type == "cuda" and self._can_be_captured()
        kind = CapturedUpdate if captures else Update
        self._update = kind(fabric, model, optimiser, self.preset, self.plan.objective)
        device: torch.device = fabric.device
        return device

    def _can_be_captured(self) -> bool:
        """Whether a step reads no value from the device. SGD reads its rate, and float16 its loss scale."""
        plan = self.plan
        return plan.cuda_graph and plan.optimiser == "adam" and _precision(plan) != "16-mixed"

    def update(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        plan, preset = self.plan, self.preset
        t = self._update(
            x,
            y,
            seed=plan.seed,
            step=self.step,
            learning_rate=preset.learning_rate * min(1.0, (self.step + 1) / max(1, plan.warmup)),
            annealing=1 - math.exp(-self.step / preset.annealing),
        )
        if self.averaged is not None:
            self.averaged.update_parameters(self.iiae)
        return {name: value for name, value in vars(t).items() if value is not None}

    def evaluated(self) -> IIAE:
        if self.averaged is None:
            return self.iiae.eval()
        iiae = self.averaged.module
        assert isinstance(iiae, IIAE)
        statistics_of = objective.statistics_of(self.plan.objective)
        estimate_statistics(iiae, self.pairs, self.plan.seed, self.step, statistics_of)
        return iiae.eval()


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


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
