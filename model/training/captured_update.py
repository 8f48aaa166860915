"""A step of training as a CUDA graph: captured once, then replayed without launching its kernels one by one.

A step of D.1 with 8 pairs has about a thousand short kernels. Launching them takes longer than running them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from model.objective import ObjectiveName, Terms
from model.presets import Preset
from model.training.batches import step_generator
from model.training.optimiser_state import move_optimiser
from model.training.update import Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric  # in the extra `train`

WARM_UP = 3
"""Steps before the capture, in which libraries choose their kernels. They change no weights."""


class CapturedUpdate(Update):
    """An `Update` by Adam on a CUDA device, for batches of one shape.

    The returned terms are overwritten by the next step.
    """

    def __init__(
        self, fabric: "Fabric", model: Module, optimiser: Optimizer, preset: Preset, name: ObjectiveName
    ) -> None:
        super().__init__(fabric, model, optimiser, preset, name)
        torch.backends.cudnn.benchmark = True  # the shapes never change
        for group in optimiser.param_groups:
            group["capturable"] = True
        move_optimiser(optimiser)
        for group in optimiser.param_groups:
            group["lr"] = torch.tensor(0.0, device=fabric.device)
        self._annealing = torch.tensor(0.0, device=fabric.device)
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(
        self, x: Tensor, y: Tensor, *, seed: int, step: int, learning_rate: float, annealing: float
    ) -> Terms:
        if self._graph is None:
            self._x, self._y = torch.empty_like(x), torch.empty_like(y)
        self._x.copy_(x)
        self._y.copy_(y)
        self._annealing.fill_(annealing)
        for group in self.optimiser.param_groups:
            group["lr"].fill_(learning_rate)
        if self._graph is None:
            self._graph = self._capture()
        step_generator(seed, step, self.fabric.device)  # seeds torch's generator, which the graph draws from
        self._graph.replay()
        return self._terms

    def _capture(self) -> torch.cuda.CUDAGraph:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with self._undone(), torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._run(self._x, self._y, None, self._annealing)
        torch.cuda.current_stream().wait_stream(stream)
        self.optimiser.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._terms = self._run(self._x, self._y, None, self._annealing)
        return graph

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Restore the weights and the optimiser's state, in the same memory, at the end of the block."""
        weights = {name: value.clone() for name, value in self.model.state_dict().items()}
        states = {
            parameter: {name: value.clone() for name, value in state.items()}
            for parameter, state in self.optimiser.state.items()
        }
        yield
        torch.cuda.synchronize()
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                value.copy_(weights[name])
            for parameter, state in self.optimiser.state.items():
                before = states.get(parameter, {})
                for name, value in state.items():
                    value.copy_(before[name]) if name in before else value.zero_()
