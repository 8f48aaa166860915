"""What a cosine is worth: the probability that a photo found is of the query's class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
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

    Found by Newton's method from the flat curve on; half a pair of each kind is added, so that pairs that a
    threshold would part still give a finite slope.

    Raises:
        ValueError: all pairs are of one class, or none is.
    """
    x, y = cosines.flatten().double(), relevant.flatten().double()
    alike = y.mean()
    if not 0 < float(alike) < 1:
        raise ValueError("a calibration needs pairs of one class and pairs of two")
    target = y * (1 - 1 / (y.sum() + 2)) + (1 - y) / ((1 - y).sum() + 2)
    weight = torch.where(y > 0, prior / alike, (1 - prior) / (1 - alike))
    design = torch.stack([x, torch.ones_like(x)], 1)
    curve = torch.tensor([0.0, math.log(prior / (1 - prior))], dtype=torch.float64)
    for _ in range(100):
        p = (design @ curve).sigmoid()
        slope = design.T @ (weight * (target - p))
        bend = design.T @ ((weight * p * (1 - p)).clamp_min(1e-12)[:, None] * design) + 1e-9 * torch.eye(2, dtype=torch.float64)
        step = torch.linalg.solve(bend, slope)
        curve = curve + step * min(1.0, 20 / float(step.abs().max().clamp_min(1e-12)))
        if float(step.abs().max()) < 1e-9:
            break
    return Calibration(float(curve[0]), float(curve[1]))


def expected_error(probabilities: Float[Tensor, "..."], relevant: Bool[Tensor, "..."], bins: int = 10) -> float:
    """Expected calibration error: over bins of equal width, the mean distance of what was said from what was so."""
    said, so = probabilities.flatten(), relevant.flatten().float()
    which = (said * bins).long().clamp_max(bins - 1)
    total = torch.zeros(bins).index_add_(0, which, said - so)
    return float(total.abs().sum() / len(said))
