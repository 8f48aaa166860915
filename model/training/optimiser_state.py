"""Adam's state as named tensors, which a save stores without pickle."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

FIELDS = ("step", "exp_avg", "exp_avg_sq")


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """Return the state of an Adam or AdamW optimiser as tensors named `adam.<parameter>.<field>`.

    Adam creates a parameter's state at its first gradient. A parameter that the objective does not use has
    none.
    """
    return {
        f"adam.{index}.{field}": torch.as_tensor(value)
        for index, state in optimiser.state_dict()["state"].items()
        for field, value in state.items()
    }


def load_optimiser(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore what `optimiser_tensors` returned; other tensors are ignored."""
    state = optimiser.state_dict()
    for index in range(sum(len(group["params"]) for group in state["param_groups"])):
        if f"adam.{index}.step" in tensors:
            state["state"][index] = {field: tensors[f"adam.{index}.{field}"] for field in FIELDS}
    optimiser.load_state_dict(state)
