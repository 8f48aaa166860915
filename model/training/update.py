"""One step of training: a forward pass, the gradient of the objective, and the optimiser's update."""

from typing import TYPE_CHECKING

from torch import Generator, Tensor
from torch.nn import Module
from torch.optim import Optimizer

from model import objective
from model.objective import ObjectiveName, Terms
from model.presets import Preset
from model.training.batches import step_generator

if TYPE_CHECKING:
    from lightning_fabric import Fabric  # in the extra `train`


class Update:
    """Updates the weights by one batch, kernel by kernel.

    Args:
        fabric: decides the device and the precision.
        model, optimiser: IIAE and its optimiser, as `fabric.setup` returns them.
        preset: the model's preset.
        name: the objective.
    """

    def __init__(
        self, fabric: "Fabric", model: Module, optimiser: Optimizer, preset: Preset, name: ObjectiveName
    ) -> None:
        self.fabric, self.model, self.optimiser, self.preset = fabric, model, optimiser, preset
        self._maximised = objective.OBJECTIVES[name]
        self._from_shared = name in objective.NEEDS_SHARED_DECODING
        self._statistics_of = objective.statistics_of(name)

    def __call__(
        self, x: Tensor, y: Tensor, *, seed: int, step: int, learning_rate: float, annealing: float
    ) -> Terms:
        """Update the weights, and return the terms of the objective before the update.

        Args:
            x, y: the batch, on the device.
            seed, step: decide the noise and the dropout.
            learning_rate: of this step.
            annealing: a(t), which multiplies the KLs to the priors.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        return self._run(x, y, step_generator(seed, step, self.fabric.device), annealing)

    def _run(self, x: Tensor, y: Tensor, generator: Generator | None, annealing: float | Tensor) -> Terms:
        out = self.model(x, y, generator, from_shared=self._from_shared, statistics_of=self._statistics_of)
        t = objective.terms(self.preset, x, y, out)
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(-self._maximised(t.annealed(annealing), self.preset.lam))
        self.optimiser.step()
        return t
