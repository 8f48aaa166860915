"""The domain score: against KL divergences of torch.distributions, and on two artificial domains."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from model.domain_score import domain_score, layer_divergences


def extractor(seed: int = 0, *, mean: float = 0.0, scale: float = 1.0) -> nn.Sequential:
    """Two layers whose running statistics are those of noise pictures with this mean and scale."""
    torch.manual_seed(seed)
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4, momentum=None),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4, 5, 4, 2, 1, bias=False),
        nn.BatchNorm2d(5, momentum=None),
        nn.LeakyReLU(0.2),
    )
    with torch.no_grad():
        for _ in range(20):
            layers(mean + scale * torch.randn(16, 3, 32, 32))
    return layers.eval()


def oracle(network: nn.Sequential, picture: Tensor) -> list[Tensor]:
    divergences, hidden = [], picture[None]
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            flat = hidden[0].flatten(1)
            assert layer.running_mean is not None and layer.running_var is not None
            of_picture = Normal(flat.mean(1), flat.var(1, unbiased=False).sqrt())
            of_domain = Normal(layer.running_mean, layer.running_var.sqrt())
            divergences.append(kl_divergence(of_picture, of_domain).mean())
        hidden = layer(hidden)
    return divergences


@torch.no_grad()
def test_divergences_are_those_of_torch_distributions() -> None:
    network, pictures = extractor(), 0.5 + 2 * torch.randn(3, 3, 32, 32)
    divergences = layer_divergences(network, pictures)
    assert divergences.shape == (2, 3)
    for index, picture in enumerate(pictures):
        torch.testing.assert_close(
            divergences[:, index], torch.stack(oracle(network, picture)), rtol=1e-3, atol=1e-5
        )


@torch.no_grad()
def test_score_is_positive_for_x_and_negative_for_y() -> None:
    x, y = extractor(0, mean=0.5, scale=0.5), extractor(1, mean=-0.5, scale=0.2)
    of_x, of_y = 0.5 + 0.5 * torch.randn(8, 3, 32, 32), -0.5 + 0.2 * torch.randn(8, 3, 32, 32)
    assert (domain_score(x, y, of_x) > 1).all()
    assert (domain_score(x, y, of_y) < -1).all()
    torch.testing.assert_close(domain_score(y, x, of_y), -domain_score(x, y, of_y))


@torch.no_grad()
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_score_of_a_flat_picture_is_finite(value: float) -> None:
    assert domain_score(extractor(0), extractor(1), torch.full((1, 3, 32, 32), value)).isfinite().all()
