"""The objectives: the last line of A.3.2, and the ablations of Table 6.

Each objective is a pure function of `Terms`, which are expectations over a batch in nats. All are maximised:
the training loop minimises the negative, once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from model.distributions import kl, kl_standard
from model.iiae import Decoding, Pass
from model.presets import Preset


@dataclass(frozen=True)
class Terms:
    """The terms of all objectives: scalars in nats, averaged over the batch.

    Attributes:
        log_px, log_py: E[log p(x|zx, zs)] and E[log p(y|zy, zs)], up to a constant.
        log_px_zs, log_py_zs: E[log p(x|zs)] and E[log p(y|zs)] of Eq. 22; None unless the pass decoded them.
        kl_zx, kl_zy, kl_zs: KL of q(zx|x), q(zy|y) and q(zs|x, y) to the prior.
        kl_rx, kl_ry: KL[q(zs|x, y) || r(zs|x)] and KL[q(zs|x, y) || r(zs|y)].
    """

    log_px: Tensor
    log_py: Tensor
    kl_zx: Tensor
    kl_zy: Tensor
    kl_zs: Tensor
    kl_rx: Tensor
    kl_ry: Tensor
    log_px_zs: Tensor | None = None
    log_py_zs: Tensor | None = None

    def annealed(self, a: float | Tensor) -> "Terms":
        """Return the terms with the three KLs to the priors multiplied by a(t)."""
        return replace(self, kl_zx=a * self.kl_zx, kl_zy=a * self.kl_zy, kl_zs=a * self.kl_zs)


ObjectiveName = Literal["iiae", "elbo", "ii", "ii-mi", "elbo+ii"]
Objective = Callable[[Terms, float], Tensor]


def log_likelihood(preset: Preset, inputs: Tensor, mean: Tensor) -> Tensor:
    """Return minus the weighted mean absolute error (Laplace) or mean squared error (Gaussian), a scalar."""
    error = F.l1_loss if preset.likelihood == "laplace" else F.mse_loss
    return -preset.reconstruction_weight * error(mean.float(), inputs.float())


def terms(preset: Preset, x: Tensor, y: Tensor, out: Pass) -> Terms:
    """Return the terms of one pass over the pairs (x, y)."""
    return Terms(
        log_px=log_likelihood(preset, x, out.x_hat),
        log_py=log_likelihood(preset, y, out.y_hat),
        kl_zx=kl_standard(out.q_zx).mean(),
        kl_zy=kl_standard(out.q_zy).mean(),
        kl_zs=kl_standard(out.q_zs).mean(),
        kl_rx=kl(out.q_zs, out.rx_zs).mean(),
        kl_ry=kl(out.q_zs, out.ry_zs).mean(),
        log_px_zs=None if out.x_bar is None else log_likelihood(preset, x, out.x_bar),
        log_py_zs=None if out.y_bar is None else log_likelihood(preset, y, out.y_bar),
    )


def elbo(t: Terms) -> Tensor:
    """Return the evidence lower bound on log p(x, y) (A.1)."""
    return t.log_px + t.log_py - t.kl_zx - t.kl_zy - t.kl_zs


def interaction(t: Terms) -> Tensor:
    """Return a lower bound on 2 I(X; Y; ZS), up to H(X) + H(Y) (Eq. 22).

    Raises:
        ValueError: the terms were computed without decoding from zs alone.
    """
    if t.log_px_zs is None or t.log_py_zs is None:
        raise ValueError("Eq. 22 needs p(x|zs) and p(y|zs): run the pass with from_shared=True")
    return t.log_px_zs + t.log_py_zs - t.kl_rx - t.kl_ry


def preference(t: Terms) -> Tensor:
    """Return a lower bound on 2 I(X; Y; ZS) - I(ZX; ZS) - I(ZY; ZS), up to H(X) + H(Y) (Eq. 25)."""
    return t.log_px + t.log_py - t.kl_zx - t.kl_zy - t.kl_rx - t.kl_ry


def iiae(t: Terms, lam: float) -> Tensor:
    """Return the paper's objective (A.3.2, last line)."""
    return (1 + lam) * elbo(t) + lam * t.kl_zs - lam * (t.kl_rx + t.kl_ry)


def elbo_with_interaction(t: Terms, lam: float) -> Tensor:
    """Return ELBO + lambda II of Table 6."""
    return elbo(t) + lam * interaction(t)


OBJECTIVES: dict[ObjectiveName, Objective] = {
    "iiae": iiae,
    "elbo": lambda t, lam: elbo(t),
    "ii": lambda t, lam: interaction(t),
    "ii-mi": lambda t, lam: preference(t),
    "elbo+ii": elbo_with_interaction,
}
NEEDS_SHARED_DECODING: frozenset[ObjectiveName] = frozenset({"ii", "elbo+ii"})
"""The objectives that need p(x|zs) and p(y|zs)."""


def statistics_of(name: ObjectiveName) -> Decoding:
    """Return the decoding that sets the running statistics of the decoders' batch norms.

    Test time decodes from both codes, so the statistics are of that decoding. `ii` is the exception. It
    trains neither q(zx|x) nor q(zy|y), and the decoders only with the exclusive code at its prior's mean.
    At test time its decoders also need that mean, so their statistics are of the decoding from zs alone.
    """
    return "shared_code" if name == "ii" else "both_codes"
