"""An optimiser's state as named tensors, which a save stores without pickle."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

PREFIX = "adam."


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """Return the state of Adam, AdamW or SGD as tensors named `adam.<parameter>.<field>`.

    An optimiser creates a parameter's state at its first gradient. A parameter that the objective does not
    use has none.
    """
    return {
        f"{PREFIX}{index}.{field}": torch.as_tensor(value)
        for index, state in optimiser.state_dict()["state"].items()
        for field, value in state.items()
    }


def load_optimiser(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore what `optimiser_tensors` returned; other tensors are ignored."""
    saved: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(PREFIX):
            index, field = name.removeprefix(PREFIX).split(".")
            saved.setdefault(int(index), {})[field] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": saved})


def move_optimiser(optimiser: Optimizer) -> None:
    """Move the state to the devices of its parameters, after they have moved."""
    optimiser.load_state_dict(optimiser.state_dict())
