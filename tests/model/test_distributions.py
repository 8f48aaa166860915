"""Gaussians and their KL divergences against torch.distributions."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from model.distributions import LOG_VAR_BOUND, Gaussian, gaussian, kl, kl_standard


def random_gaussian(*shape: int, seed: int = 0) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(torch.randn(shape, generator=generator), torch.randn(shape, generator=generator))


def oracle(g: Gaussian) -> Independent:
    return Independent(Normal(g.mean, torch.exp(0.5 * g.log_var)), g.mean.ndim - 1)


@pytest.mark.parametrize("shape", [(5, 8), (3, 16, 2, 2)])
def test_kl_equals_that_of_torch_distributions(shape):
    q, p = random_gaussian(*shape), random_gaussian(*shape, seed=1)
    torch.testing.assert_close(kl(q, p), kl_divergence(oracle(q), oracle(p)))


@pytest.mark.parametrize("shape", [(5, 8), (3, 16, 2, 2)])
def test_kl_to_the_prior_equals_that_to_a_standard_normal(shape):
    q = random_gaussian(*shape)
    prior = Gaussian(torch.zeros(shape), torch.zeros(shape))
    torch.testing.assert_close(kl_standard(q), kl_divergence(oracle(q), oracle(prior)))


def test_kl_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match="different shapes"):
        kl(random_gaussian(4, 8), random_gaussian(1, 8))


def test_samples_have_the_mean_and_the_variance():
    g = Gaussian(torch.full((20_000, 2), 3.0), torch.full((20_000, 2), 1.0))
    samples = g.sample(torch.Generator().manual_seed(0))
    assert samples.mean().item() == pytest.approx(3.0, abs=0.05)
    assert samples.var().item() == pytest.approx(2.718, abs=0.1)
    torch.testing.assert_close(samples, g.sample(torch.Generator().manual_seed(0)))


def test_log_variances_are_clamped_and_means_are_not():
    g = gaussian(torch.tensor([[100.0, -50.0, 100.0, -50.0]]))
    assert g.mean.tolist() == [[100.0, -50.0]]
    assert g.log_var.tolist() == [[pytest.approx(LOG_VAR_BOUND), pytest.approx(-LOG_VAR_BOUND)]]
