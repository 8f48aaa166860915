"""What a cosine is worth: the probability that a photo found is of the query's class.

Fitted on searches in many galleries drawn from pictures whose classes are known: large and small ones, with few photos
of a thing and with many, and some without any of what is asked for.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

FIRST_HITS = 20
"""Photos of a search that a curve is fitted on: those that one sees."""
GALLERIES = 400
QUERIES = 8
"""Galleries that are drawn, and queries of one class in each."""
FEWEST_CLASSES = 4
PHOTOS_OF_A_CLASS = (1, 2, 3, 5, 10, 25)
"""Of a gallery's classes there are so many photos each, at most."""
MISSING = 0.25
"""Share of the galleries that have no photo of what is asked for."""


@dataclass(frozen=True)
class Calibration:
    """A logistic curve over cosines (Platt, 1999), lower the more photos a gallery has: the more there are, the nearer is the nearest wrong one.

    Attributes:
        slope, intercept: of the cosine.
        crowd: of the natural logarithm of the number of photos.
        largest: photos of the largest gallery that it was fitted on; larger ones count as that.
    """

    slope: float
    intercept: float
    crowd: float = 0.0
    largest: int = 1

    def probability(self, cosine: float, photos: int) -> float:
        """Between 0 and 1, rising with the cosine."""
        return float(self.probabilities(torch.tensor(cosine, dtype=torch.float64), photos))

    def probabilities(self, cosines: Float[Tensor, "*shape"], photos: int) -> Float[Tensor, "*shape"]:
        """The same of many hits in a gallery of so many photos."""
        crowded = self.crowd * math.log(min(max(photos, 1), self.largest))
        return (self.slope * cosines + self.intercept + crowded).sigmoid()

    @classmethod
    def mean(cls, curves: Sequence["Calibration"]) -> "Calibration":
        """The curve between several."""
        slope, intercept, crowd = (
            sum(values) / len(curves)
            for values in zip(*((each.slope, each.intercept, each.crowd) for each in curves), strict=True)
        )
        return cls(slope, intercept, crowd, min(each.largest for each in curves))


@dataclass(frozen=True)
class Searches:
    """The first hits of some queries in one gallery: cosines and whether they are relevant [q, k], and the gallery's photos."""

    cosines: Float[Tensor, "q k"]
    relevant: Bool[Tensor, "q k"]
    photos: int


@dataclass(frozen=True)
class Drawn:
    """Numbers of some queries, of one class, and of a gallery's photos."""

    queries: NDArray[np.int64]
    photos: NDArray[np.int64]


def galleries(
    query_labels: NDArray[np.int64],
    asked_for: Sequence[int],
    photo_labels: NDArray[np.int64],
    seed: int,
    count: int = GALLERIES,
) -> Iterator[Drawn]:
    """Galleries from photos of all classes, asked for photos of some.

    Args:
        query_labels: class numbers of the queries that there are [n].
        asked_for: the classes that queries are taken from.
        photo_labels: class numbers of the photos that there are [m].
        seed: of the choice.
        count: how many.
    """
    rng = np.random.default_rng((seed, 0xCA11))
    classes = np.unique(photo_labels)
    for _ in range(count):
        wanted = int(rng.choice(asked_for))
        others = classes[classes != wanted]
        size = round(math.exp(rng.uniform(math.log(min(FEWEST_CLASSES, len(others))), math.log(len(others)))))
        chosen, each = rng.choice(others, size, replace=False).tolist(), int(rng.choice(PHOTOS_OF_A_CLASS))
        shown = chosen if rng.random() < MISSING else [*chosen, wanted]
        photos = [rng.permutation(np.flatnonzero(photo_labels == label))[:each] for label in shown]
        yield Drawn(rng.permutation(np.flatnonzero(query_labels == wanted))[:QUERIES], np.concatenate(photos))


def searched(
    scores: Float[Tensor, "q n"], relevant: Bool[Tensor, "q n"], itself: Bool[Tensor, "q n"] | None = None
) -> Searches:
    """The first hits by their scores, without the photos that are the query itself."""
    photos = scores.shape[1]
    ranked = scores if itself is None else scores.masked_fill(itself, -torch.inf)
    cosines, first = ranked.topk(min(FIRST_HITS, photos if itself is None else max(photos - 1, 1)), dim=1)
    return Searches(cosines, relevant.gather(1, first), photos)


def fit(searches: Sequence[Searches]) -> Calibration:
    """The likeliest curve for the first hits of searches.

    Targets are Platt's, a little off 0 and 1, so that hits which a threshold would part still give a finite slope.

    Raises:
        ValueError: all hits are relevant, or none is.
    """
    from scipy.optimize import minimize  # slow to import, and what serves fits nothing
    from scipy.special import expit

    cosines = torch.cat([each.cosines.flatten() for each in searches]).double().numpy()
    crowds = np.concatenate([np.full(each.cosines.numel(), math.log(each.photos)) for each in searches])
    found = np.isfinite(cosines)  # all but the query itself, where a gallery has nothing else
    y = torch.cat([each.relevant.flatten() for each in searches]).numpy()[found]
    alike, apart = np.count_nonzero(y), np.count_nonzero(~y)
    if not alike or not apart:
        raise ValueError("a calibration needs hits that are relevant and hits that are not")
    target = np.where(y, (alike + 1) / (alike + 2), 1 / (apart + 2))
    of = np.stack([cosines, crowds])[:, found]
    centre, spread = of.mean(1), np.maximum(of.std(1), 1e-9)
    scaled = np.vstack([(of - centre[:, None]) / spread[:, None], np.ones(len(y))])

    def loss(curve: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = curve @ scaled
        return float((np.logaddexp(0, logits) - target * logits).mean()), scaled @ (
            expit(logits) - target
        ) / len(y)

    *steep, level = minimize(loss, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    slope, crowd = steep / spread if np.ptp(crowds) else (steep[0] / spread[0], 0.0)
    return Calibration(
        float(slope),
        float(level - slope * centre[0] - crowd * centre[1]),
        float(crowd),
        max(each.photos for each in searches),
    )


def of_codes(
    score: Callable[[Tensor, Tensor], Tensor],
    queries: Tensor,
    query_labels: NDArray[np.int64],
    asked_for: Sequence[int],
    photos: Tensor,
    photo_labels: NDArray[np.int64],
    seed: int,
    *,
    photos_ask: bool = False,
) -> Calibration:
    """The curve of what `score` gives for codes of queries [q, d] and of photos [n, d], in galleries drawn from those photos.

    Where `photos_ask`, the queries are those photos themselves, which none is to find itself.
    """
    searches = []
    for drawn in galleries(query_labels, asked_for, photo_labels, seed):
        relevant = query_labels[drawn.queries][:, None] == photo_labels[drawn.photos]
        itself = torch.from_numpy(drawn.queries[:, None] == drawn.photos) if photos_ask else None
        searches.append(
            searched(score(queries[drawn.queries], photos[drawn.photos]), torch.from_numpy(relevant), itself)
        )
    return fit(searches)


def expected_error(
    probabilities: Float[Tensor, "..."], relevant: Bool[Tensor, "..."], bins: int = 10
) -> float:
    """Expected calibration error: over bins of equal width, the mean distance of what was said from what was so."""
    said, so = probabilities.flatten(), relevant.flatten().float()
    which = (said * bins).long().clamp_max(bins - 1)
    total = torch.zeros(bins).index_add_(0, which, said - so)
    return float(total.abs().sum() / len(said))
