"""An optimiser's state as named tensors."""

from functools import partial

import pytest
import torch
from torch import nn

from model.training.optimiser_state import load_optimiser, optimiser_tensors

ADAM = {"adam.0.step", "adam.0.exp_avg", "adam.0.exp_avg_sq"}


@pytest.mark.parametrize(
    ("kind", "saved"),
    [
        (torch.optim.Adam, ADAM),
        (torch.optim.AdamW, ADAM),
        (partial(torch.optim.SGD, momentum=0.9), {"adam.0.momentum_buffer"}),
    ],
)
def test_a_restored_optimiser_takes_the_same_next_step(kind, saved):
    def stepped(parameters, optimiser, value):
        (parameters[0] * value).sum().backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    first = [nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2))]  # the second never has a gradient
    optimiser = kind(first, lr=0.1)
    stepped(first, optimiser, 2.0)
    tensors = {key: value.clone() for key, value in optimiser_tensors(optimiser).items()}
    assert set(tensors) == saved
    second = [nn.Parameter(parameter.detach().clone()) for parameter in first]
    restored = kind(second, lr=0.1)
    load_optimiser(restored, {**tensors, "iiae.weight": torch.zeros(1)})
    stepped(first, optimiser, -1.0)
    stepped(second, restored, -1.0)
    assert torch.equal(first[0], second[0])
