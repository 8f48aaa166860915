"""A training run of a compared system: with the same loop, saves and logs as IIAE's."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from model.baselines.translator import Translator, train_step
from model.data.pairs import Pairs
from model.training.batches import step_generator
from model.training.loop import Figures, Schedule, TrainingProgress, TrainingRun
from model.training.optimiser_state import load_optimiser, move_optimiser, optimiser_tensors


class TranslatorRun(TrainingRun[Translator]):
    """A training run of a compared system, in float32.

    Args:
        folder: the folder of the run's files.
        system: the system to train, as initialised.
        pairs: the training pairs.
        schedule: the length of the run.
        validate: computes the figures that choose the best weights.
        sample: writes a grid of pictures to a path.
        report: receives the progress.
    """

    def __init__(
        self,
        folder: Path,
        system: Translator,
        pairs: Pairs,
        schedule: Schedule,
        *,
        validate: Callable[[Translator], Figures],
        sample: Callable[[Translator, Path], None] | None = None,
        report: Callable[[TrainingProgress], None] | None = None,
    ) -> None:
        super().__init__(
            folder,
            system,
            pairs,
            system.preset.batch_size,
            schedule,
            validate=validate,
            sample=sample,
            report=report,
        )
        self.optimisers = system.optimisers()

    def identity(self) -> dict[str, object]:
        return {
            "preset": json.loads(json.dumps(asdict(self.networks.preset))),
            "seed": self.schedule.seed,
            "data": self.pairs.fingerprint,
        }

    def tensors(self) -> dict[str, Tensor]:
        tensors = {f"system.{key}": value for key, value in self.networks.state_dict().items()}
        for phase, optimiser in self.optimisers.items():
            tensors |= {
                f"optimiser.{phase}.{key}": value for key, value in optimiser_tensors(optimiser).items()
            }
        return tensors

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        def part(name: str) -> dict[str, Tensor]:
            prefix = f"{name}."
            return {
                key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
            }

        self.networks.load_state_dict(part("system"))
        for phase, optimiser in self.optimisers.items():
            load_optimiser(optimiser, part(f"optimiser.{phase}"))

    def start(self) -> torch.device:
        wanted = self.schedule.accelerator
        device = torch.device(
            "cuda" if wanted == "cuda" or (wanted == "auto" and torch.cuda.is_available()) else "cpu"
        )
        self.networks.to(device)
        for optimiser in self.optimisers.values():
            move_optimiser(optimiser)
        return device

    def update(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        noise = step_generator(self.schedule.seed, self.step, x.device)
        return train_step(self.networks, self.optimisers, x, y, noise)

    def evaluated(self) -> Translator:
        return self.networks.eval()
