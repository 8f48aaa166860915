"""Probability that a photo is of the query's class, from the cosine of their codes, and its grade in words.

`model.sketch.calibration_fitting` fits the curves. This file computes plain floats, because the service calls
it once for each hit: with a tensor per hit, 1,000 hits took 33 ms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

STEEPEST = 1e6
"""The largest coefficient of a curve. NaN and infinity are above it: scores must be numbers."""
LARGEST = 2**40
"""The most photos that a fit may name."""

Grade = Literal["strong", "possible", "weak"]
"""What a probability means for a person."""


@dataclass(frozen=True)
class Calibration:
    """A logistic curve over cosines (Platt, 1999) that also depends on the number of photos.

    In a larger gallery the nearest wrong photo is nearer, so the same cosine means less.

    Attributes:
        slope: weight of the cosine.
        intercept: constant term.
        crowd: weight of the natural logarithm of the number of photos.
        largest: photos of the largest gallery in the fit; larger galleries count as this large.
        strong: the smallest probability of a strong hit; with 1, no hit is strong.
        possible: the smallest probability of a possible hit, at most `strong`. Hits below it are weak.
    """

    slope: float
    intercept: float
    crowd: float = 0.0
    largest: int = 1
    strong: float = 0.9
    possible: float = 0.5

    def __post_init__(self) -> None:
        for name in ("slope", "intercept", "crowd"):
            if not abs(getattr(self, name)) <= STEEPEST:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be from -{STEEPEST} to {STEEPEST}"
                )
        if not 1 <= self.largest <= LARGEST:
            raise ValueError(f"largest is {self.largest}; it must be from 1 to {LARGEST}")
        if not 0 <= self.possible <= self.strong <= 1:
            raise ValueError(
                f"possible is {self.possible} and strong is {self.strong}; "
                "they must be from 0 to 1, and possible at most strong"
            )

    def probability(self, cosine: float, photos: int) -> float:
        """Return the probability that a hit is right.

        Args:
            cosine: cosine similarity of the query's and the photo's codes.
            photos: number of photos in the gallery.
        """
        return _sigmoid(self.slope * cosine + self.intercept + self._crowding(photos))

    def probabilities(self, cosines: NDArray[np.floating], photos: int) -> NDArray[np.float64]:
        """Return `probability` for cosines of any shape, in one gallery."""
        logits = self.slope * np.asarray(cosines, np.float64) + self.intercept + self._crowding(photos)
        power = np.exp(-np.abs(logits))  # at most 1, so it cannot overflow
        probabilities: NDArray[np.float64] = np.where(logits >= 0, 1.0, power) / (1 + power)
        return probabilities

    def grade(self, probability: float) -> Grade:
        """Return the grade of a hit with this probability."""
        if probability >= self.strong < 1:
            return "strong"
        return "possible" if probability >= self.possible < 1 else "weak"

    def _crowding(self, photos: int) -> float:
        return self.crowd * math.log(min(max(photos, 1), self.largest))

    @classmethod
    def mean(cls, curves: Sequence["Calibration"]) -> "Calibration":
        """Return the mean of several curves, number by number; `largest` and the limits are the strictest."""
        slope, intercept, crowd = (
            sum(values) / len(curves)
            for values in zip(*((each.slope, each.intercept, each.crowd) for each in curves), strict=True)
        )
        strong, possible = max(each.strong for each in curves), max(each.possible for each in curves)
        return cls(slope, intercept, crowd, min(each.largest for each in curves), strong, possible)


def _sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    power = math.exp(logit)
    return power / (1 + power)
