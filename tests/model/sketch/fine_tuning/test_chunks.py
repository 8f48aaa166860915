"""Gradients in chunks equal those of the whole batch."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from model.sketch.fine_tuning.chunks import backward_in_chunks
from model.sketch.fine_tuning.losses import supervised_contrast


def gradients(chunk: int) -> tuple[float, list[torch.Tensor], list[int]]:
    """The loss, the gradients of the network and of a parameter of the loss, and the sizes of all passes."""
    torch.manual_seed(0)
    layer, scale = nn.Linear(6, 4), nn.Parameter(torch.tensor(3.0))
    inputs, labels = torch.randn(10, 6), torch.arange(10) % 3
    sizes: list[int] = []

    def network(part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(part))
        return layer(part), layer(part).square()

    def loss(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return scale * supervised_contrast(F.normalize(first), labels, 0.5) + second.mean()

    value = backward_in_chunks(network, inputs, loss, chunk)
    return float(value), [layer.weight.grad, layer.bias.grad, scale.grad], sizes


@pytest.mark.parametrize("chunk", [1, 3, 5])
def test_gradients_in_chunks_equal_those_of_one_pass(chunk):
    loss, whole, sizes = gradients(10)
    in_chunks = gradients(chunk)
    assert sizes == [10]
    assert max(in_chunks[2]) == chunk
    assert in_chunks[0] == pytest.approx(loss, rel=1e-5)
    for one, other in zip(in_chunks[1], whole, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_an_output_that_the_loss_does_not_use_has_no_gradient():
    layer = nn.Linear(3, 2)
    backward_in_chunks(lambda x: (layer(x), layer(x) * 5), torch.ones(4, 3), lambda a, b: a.sum(), 2)
    torch.testing.assert_close(layer.bias.grad, torch.full((2,), 4.0))
