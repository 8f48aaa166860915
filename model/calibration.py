"""What a cosine is worth: the probability that a photo found is of the query's class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

PRIOR = 1 / 25
"""Share of a gallery's photos that a query is about, which probabilities are stated for: that of a test split of 25 classes."""


@dataclass(frozen=True)
class Calibration:
    """A logistic curve over cosines (Platt, 1999)."""

    slope: float
    intercept: float

    def probability(self, cosine: float) -> float:
        """Between 0 and 1, rising with the cosine."""
        return 1 / (1 + math.exp(-(self.slope * cosine + self.intercept)))

    @classmethod
    def mean(cls, curves: Sequence["Calibration"]) -> "Calibration":
        """The curve between several."""
        return cls(sum(curve.slope for curve in curves) / len(curves), sum(curve.intercept for curve in curves) / len(curves))


def fit(cosines: Float[Tensor, "..."], relevant: Bool[Tensor, "..."], prior: float = PRIOR) -> Calibration:
    """The likeliest curve for pairs of a query and a photo, weighted so that `prior` of them are of one class.

    Targets are Platt's, a little off 0 and 1, so that pairs which a threshold would part still give a finite slope.

    Raises:
        ValueError: all pairs are of one class, or none is.
    """
    from scipy.optimize import minimize  # slow to import, and what serves fits nothing
    from scipy.special import expit

    x, y = cosines.flatten().double().numpy(), relevant.flatten().numpy()
    alike, apart = np.count_nonzero(y), np.count_nonzero(~y)
    if not alike or not apart:
        raise ValueError("a calibration needs pairs of one class and pairs of two")
    target = np.where(y, (alike + 1) / (alike + 2), 1 / (apart + 2))
    weight = np.where(y, prior / alike, (1 - prior) / apart)

    def loss(curve: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = curve[0] * x + curve[1]
        error = weight * (expit(logits) - target)
        return float((weight * (np.logaddexp(0, logits) - target * logits)).sum()), np.array([(error * x).sum(), error.sum()])

    slope, intercept = minimize(loss, np.array([0.0, math.log(prior / (1 - prior))]), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return Calibration(float(slope), float(intercept))


def expected_error(probabilities: Float[Tensor, "..."], relevant: Bool[Tensor, "..."], bins: int = 10) -> float:
    """Expected calibration error: over bins of equal width, the mean distance of what was said from what was so."""
    said, so = probabilities.flatten(), relevant.flatten().float()
    which = (said * bins).long().clamp_max(bins - 1)
    total = torch.zeros(bins).index_add_(0, which, said - so)
    return float(total.abs().sum() / len(said))
