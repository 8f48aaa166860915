"""Fit calibration curves (`model.sketch.calibration`) to searches whose right answers are known.

The searches are made in many sample galleries: large and small ones, with many or few photos of a class, and
some without any photo of the query's class.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from model.errors import UserError
from model.sketch.calibration import Calibration

FIRST_HITS = 20
"""Number of first hits of each search to fit a curve to; users rarely see later ones."""
GALLERIES = 400
"""Number of sample galleries."""
QUERIES = 8
"""Queries per sample gallery, all of one class."""
FEWEST_CLASSES = 4
"""Smallest number of other classes in a gallery, or all of them if there are fewer."""
PHOTOS_PER_CLASS = (1, 2, 3, 5, 10, 25)
"""Largest numbers of photos of each class; each gallery draws one of them."""
MISSING = 0.25
"""Share of the galleries without photos of the query's class."""
STRONG_RIGHT, POSSIBLE_RIGHT = 0.9, 0.5
"""Shares of first hits that are right: of strong ones, and of possible ones.

We promise .8 for strong hits; the classes of a user differ from those of the fit.
"""
ROUNDING = 1e-6
"""Searches round probabilities by up to half of this."""
FEWEST_HITS = 20
"""Fewest first hits that show a share."""


class CalibrationError(UserError):
    """A curve cannot be fitted to these searches."""


@dataclass(frozen=True)
class SearchHits:
    """The first hits of the queries in one gallery.

    Attributes:
        cosines: [q, k].
        relevant: whether each hit is of the query's class, [q, k].
        photos: number of photos in the gallery.
    """

    cosines: Float[Tensor, "q k"]
    relevant: Bool[Tensor, "q k"]
    photos: int


@dataclass(frozen=True)
class SampleGallery:
    """Indices of the queries, which are of one class, and of the gallery's photos."""

    queries: NDArray[np.int64]
    photos: NDArray[np.int64]


def sample_galleries(
    query_labels: NDArray[np.int64],
    query_classes: Sequence[int],
    photo_labels: NDArray[np.int64],
    seed: int,
    count: int = GALLERIES,
) -> Iterator[SampleGallery]:
    """Draw galleries from photos of all classes, with queries of some classes.

    Args:
        query_labels: class numbers of all queries, [n].
        query_classes: the classes to take queries from.
        photo_labels: class numbers of all photos, [m].
        seed: decides everything random.
        count: number of galleries.
    """
    rng = np.random.default_rng((seed, 0xCA11))
    classes = np.unique(photo_labels)
    for _ in range(count):
        query_class = int(rng.choice(query_classes))
        others = classes[classes != query_class]
        size = round(math.exp(rng.uniform(math.log(min(FEWEST_CLASSES, len(others))), math.log(len(others)))))
        chosen, limit = rng.choice(others, size, replace=False).tolist(), int(rng.choice(PHOTOS_PER_CLASS))
        shown = chosen if rng.random() < MISSING else [*chosen, query_class]
        photos = [rng.permutation(np.flatnonzero(photo_labels == label))[:limit] for label in shown]
        queries = rng.permutation(np.flatnonzero(query_labels == query_class))[:QUERIES]
        yield SampleGallery(queries, np.concatenate(photos))


def first_hits(
    scores: Float[Tensor, "q n"],
    relevant: Bool[Tensor, "q n"],
    is_query: Bool[Tensor, "q n"] | None = None,
) -> SearchHits:
    """Return the first `FIRST_HITS` hits of each query, by score.

    Args:
        scores: the score of each photo for each query.
        relevant: whether the photo is of the query's class.
        is_query: whether the photo is the query itself, which does not count as a hit; None if the gallery
            contains no query.
    """
    photos = scores.shape[1]
    ranked = scores if is_query is None else scores.masked_fill(is_query, -torch.inf)
    cosines, indices = ranked.topk(min(FIRST_HITS, photos if is_query is None else max(photos - 1, 1)), dim=1)
    return SearchHits(cosines, relevant.gather(1, indices), photos)


def fit(searches: Sequence[SearchHits]) -> Calibration:
    """Fit the maximum-likelihood curve to the first hits of searches.

    The targets are Platt's, slightly off 0 and 1. With these the slope stays finite even if a threshold
    separates right from wrong hits.

    Raises:
        CalibrationError: all hits are relevant, or none is.
    """
    from scipy.optimize import minimize  # imported here because it is slow to import and serving never fits
    from scipy.special import expit

    cosines = torch.cat([each.cosines.flatten() for each in searches]).double().numpy()
    crowds = np.concatenate([np.full(each.cosines.numel(), math.log(each.photos)) for each in searches])
    finite = np.isfinite(cosines)  # the query itself scores -inf; it is a hit if the gallery has nothing else
    relevant = torch.cat([each.relevant.flatten() for each in searches]).numpy()[finite]
    positives, negatives = np.count_nonzero(relevant), np.count_nonzero(~relevant)
    if not positives or not negatives:
        raise CalibrationError(
            "calibration needs both relevant and irrelevant hits; "
            f"found {positives} relevant and {negatives} irrelevant ones"
        )
    target = np.where(relevant, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    inputs = np.stack([cosines, crowds])[:, finite]
    centre, spread = inputs.mean(1), np.maximum(inputs.std(1), 1e-9)
    scaled = np.vstack([(inputs - centre[:, None]) / spread[:, None], np.ones(len(relevant))])

    def loss(curve: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = curve @ scaled
        value = float((np.logaddexp(0, logits) - target * logits).mean())
        return value, scaled @ (expit(logits) - target) / len(relevant)

    *weights, constant = minimize(loss, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    slope, crowd = weights / spread if np.ptp(crowds) else (weights[0] / spread[0], 0.0)
    return Calibration(
        float(slope),
        float(constant - slope * centre[0] - crowd * centre[1]),
        float(crowd),
        max(each.photos for each in searches),
    )


def with_limits(curve: Calibration, kinds: Iterable[Sequence[SearchHits]]) -> Calibration:
    """Return a curve whose grades keep their promise in each kind of search.

    A strong first hit is right in at least `STRONG_RIGHT` of all cases, and a possible one in at least
    `POSSIBLE_RIGHT`. If no limit achieves this in a kind of search, none of its hits has the grade.

    Args:
        curve: gives the probabilities.
        kinds: searches of each kind, such as by sketches and by doodles.
    """
    firsts = [_first_hits_of(curve, searches) for searches in kinds]
    strong = max(_limit(probabilities, right, STRONG_RIGHT) for probabilities, right in firsts)
    others = [
        (probabilities[probabilities < strong], right[probabilities < strong])
        for probabilities, right in firsts
    ]
    possible = max(
        (_limit(probabilities, right, POSSIBLE_RIGHT) for probabilities, right in others if len(right)),
        default=strong,
    )
    return replace(curve, strong=strong, possible=min(possible, strong))


def _first_hits_of(
    curve: Calibration, searches: Sequence[SearchHits]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The probability of each search's first hit, and whether it is right."""
    probabilities = [curve.probabilities(each.cosines[:, 0].numpy(), each.photos) for each in searches]
    return np.concatenate(probabilities), np.concatenate([each.relevant[:, 0].numpy() for each in searches])


def _limit(probabilities: NDArray[np.float64], right: NDArray[np.bool_], share: float) -> float:
    """The smallest probability from which on at least this share of hits is right.

    If there is none, a limit halfway between the largest probability and 1, or 1 itself.
    """
    limits, place = np.unique(probabilities, return_inverse=True)
    hits, right_hits = (np.cumsum(np.bincount(place, weights)[::-1])[::-1] for weights in (None, right))
    enough = np.flatnonzero((right_hits >= share * hits) & (hits >= FEWEST_HITS))
    if len(enough):
        return float(limits[enough[0]])
    halfway = (1 + float(limits[-1])) / 2
    return halfway if halfway < 1 - ROUNDING else 1.0


def sample_searches(
    score: Callable[[Tensor, Tensor], Tensor],
    queries: Tensor,
    query_labels: NDArray[np.int64],
    query_classes: Sequence[int],
    photos: Tensor,
    photo_labels: NDArray[np.int64],
    seed: int,
    *,
    query_by_photo: bool = False,
) -> list[SearchHits]:
    """Search sample galleries: `GALLERIES`, or more if the classes have fewer than `QUERIES` queries.

    So any two calls make about as many searches.

    Args:
        score: scores [q, n] of query codes [q, d] and photo codes [n, d].
        queries: codes of all queries, [n, d].
        query_labels: their class numbers, [n].
        query_classes: the classes to take queries from.
        photos: codes of all photos, [m, d].
        photo_labels: their class numbers, [m].
        seed: decides the galleries.
        query_by_photo: the queries are the photos themselves; each search leaves its own query out.
    """
    per_class = [min(QUERIES, int((query_labels == label).sum())) for label in query_classes]
    count = round(GALLERIES * QUERIES / (sum(per_class) / len(per_class)))
    searches = []
    for gallery in sample_galleries(query_labels, query_classes, photo_labels, seed, count):
        scores = score(queries[gallery.queries], photos[gallery.photos])
        relevant = query_labels[gallery.queries][:, None] == photo_labels[gallery.photos]
        is_query = torch.from_numpy(gallery.queries[:, None] == gallery.photos) if query_by_photo else None
        searches.append(first_hits(scores, torch.from_numpy(relevant), is_query))
    return searches


def fit_to_kinds(kinds: Sequence[Sequence[SearchHits]]) -> Calibration:
    """Fit a curve to searches of all kinds together, and its limits to each kind.

    Raises:
        CalibrationError: all hits are relevant, or none is, or there are no searches.
    """
    if not kinds:
        raise CalibrationError("calibration needs searches; no class has queries and photos")
    return with_limits(fit([each for searches in kinds for each in searches]), kinds)


def expected_calibration_error(
    probabilities: NDArray[np.floating], relevant: NDArray[np.bool_], bins: int = 10
) -> float:
    """Return the expected calibration error, from 0 to 1.

    In each of `bins` bins of equal width, it is the distance between the mean probability and the share of
    relevant hits. The bins are averaged with their numbers of hits as weights.
    """
    predicted, actual = np.ravel(probabilities), np.ravel(relevant).astype(np.float64)
    bin_of = np.minimum((predicted * bins).astype(int), bins - 1)
    totals = np.bincount(bin_of, weights=predicted - actual, minlength=bins)
    return float(np.abs(totals).sum() / len(predicted))
