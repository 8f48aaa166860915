"""Adversarial losses: cross-entropy (pix2pix), least squares (BicycleGAN), Wasserstein (CdDN)."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

PENALTY = 10.0
"""Weight of the gradient penalty (Gulrajani et al., 2017)."""


def cross_entropy(logits: Tensor, *, real: bool) -> Tensor:
    """Return the mean cross-entropy of logits that should say `real`."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def least_squares(logits: Sequence[Tensor], *, real: bool) -> Tensor:
    """Return the sum over scales of the mean squared difference to 1 if `real`, else to 0."""
    return torch.stack([(each - float(real)).square().mean() for each in logits]).sum()


def wasserstein(
    critic: Callable[[Tensor, Tensor], Tensor],
    condition: Float[Tensor, "b 3 s s"],
    real: Float[Tensor, "b 3 s s"],
    fake: Float[Tensor, "b 3 s s"],
    mix: Float[Tensor, " b"],
) -> Tensor:
    """Return the critic's loss with the gradient penalty; the fake pictures are detached.

    Args:
        critic: from the condition and a picture to one number, [b].
        condition, real, fake: pictures.
        mix: where between the fake and the real picture the gradient is measured, [b] in [0, 1].
    """
    fake = fake.detach()
    distance = critic(condition, fake).mean() - critic(condition, real).mean()
    return distance + PENALTY * gradient_penalty(critic, condition, real, fake, mix)


def gradient_penalty(
    critic: Callable[[Tensor, Tensor], Tensor],
    condition: Float[Tensor, "b 3 s s"],
    real: Float[Tensor, "b 3 s s"],
    fake: Float[Tensor, "b 3 s s"],
    mix: Float[Tensor, " b"],
) -> Tensor:
    """Return the mean squared difference of the gradient's norm to 1, between fake and real pictures."""
    between = torch.lerp(fake, real, mix[:, None, None, None]).requires_grad_(True)
    [gradient] = torch.autograd.grad(critic(condition, between).sum(), between, create_graph=True)
    penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, inputs: Tensor) -> Tensor:
        return inputs.view_as(inputs)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return -gradient


def reversed_gradient(inputs: Tensor) -> Tensor:
    """Return the inputs; their gradient is the negative one (Ganin & Lempitsky, 2015)."""
    outputs: Tensor = _Reversed.apply(inputs)
    return outputs
