"""Diagonal Gaussians, the form of all latents, and the KL divergences between them."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor

LOG_VAR_BOUND = 9.21
"""Log-variances are clamped to +-9.21, i.e. variances to [1e-4, 1e4]."""


class Gaussian(NamedTuple):
    """N(mean, diag(exp(log_var))), one for each item of a batch; both have shape [b, ...]."""

    mean: Tensor
    log_var: Tensor

    def sample(self, generator: Generator | None = None) -> Tensor:
        """Return one reparameterised sample for each item: mean + sigma * noise, of the mean's shape."""
        noise = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + torch.exp(0.5 * self.log_var) * noise


def gaussian(parameters: Float[Tensor, "b parameters *rest"]) -> Gaussian:
    """Split the output of an encoder's last layer: axis 1 holds the means, then the log-variances.

    The result is float32 even if the layers are not, because exp and squares follow.
    """
    mean, log_var = parameters.float().chunk(2, dim=1)
    return Gaussian(mean, log_var.clamp(-LOG_VAR_BOUND, LOG_VAR_BOUND))


def kl(q: Gaussian, p: Gaussian) -> Float[Tensor, " b"]:
    """Return KL[q || p] of each item, in nats, summed over all dimensions.

    Raises:
        ValueError: the shapes differ.
    """
    if q.mean.shape != p.mean.shape:
        raise ValueError(
            f"the Gaussians have different shapes: {tuple(q.mean.shape)} and {tuple(p.mean.shape)}"
        )
    squared = (q.log_var.exp() + (q.mean - p.mean) ** 2) / p.log_var.exp()
    return 0.5 * (p.log_var - q.log_var + squared - 1).flatten(1).sum(1)


def kl_standard(q: Gaussian) -> Float[Tensor, " b"]:
    """Return KL[q || N(0, I)] of each item, in nats, summed over all dimensions."""
    return 0.5 * (q.log_var.exp() + q.mean**2 - 1 - q.log_var).flatten(1).sum(1)
