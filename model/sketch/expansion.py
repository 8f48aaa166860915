"""Query expansion (Chum et al., 2007): move a query towards its first hits, to find more photos like them.

A softmax over the scores weights the hits, so hits far behind the first hardly count. A gallery with one
photo of a class loses little, a gallery with many gains much (benchmarks/sketch_reranking.py). Each hit is
scored by the expansion without that hit, because a hit would otherwise raise its own score.
"""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

MAX_HITS = 20
"""Largest number of hits that expand a query."""
TEMPERATURE = 0.05
"""Temperature of the softmax over the hits' scores."""
WEIGHT = 0.5
"""Weight of the hits' mean, scaled to the query's length; the query has weight 1."""


def expanded(
    query: NDArray[np.floating], hits: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Expand one query by its first hits.

    Args:
        query: its search code, [d]. Scores are inner products: for cosines, give unit vectors.
        hits: search codes of the first hits, [n, d].

    Returns:
        The expanded query, [d], as long as the query, and the scores of those hits, [n].
    """
    query, hits = query.astype(np.float64), hits.astype(np.float64)
    length = np.linalg.norm(query)
    scores = hits @ query
    others = np.tile(scores, (len(hits), 1))
    np.fill_diagonal(others, -np.inf)
    unit = _unit(query)
    expanded_query, without_each = (
        length * _unit(unit + WEIGHT * _unit(_shares(each) @ hits)) for each in (scores, others)
    )
    return expanded_query.astype(np.float32), (without_each * hits).sum(-1).astype(np.float32)


def expanded_scores(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"]) -> Float[Tensor, "q n"]:
    """Return the scores of all photos for each expanded query, from search codes.

    For evaluation and calibration, which have all codes in memory.
    """
    queries, photos = queries.float(), photos.float()
    first = (queries @ photos.T).topk(min(MAX_HITS, len(photos))).indices
    scores = torch.empty(len(queries), len(photos))
    for row, (query, indices) in enumerate(zip(queries, first, strict=True)):
        expanded_query, hit_scores = expanded(query.numpy(), photos[indices].numpy())
        scores[row] = photos @ torch.from_numpy(expanded_query)
        scores[row, indices] = torch.from_numpy(hit_scores)
    return scores


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis, up to a factor; zeros where all scores are -inf."""
    best = scores.max(-1, keepdims=True, initial=-1e9)  # finite: -inf minus -inf is not a number
    shares: NDArray[np.float64] = np.exp((scores - best) / TEMPERATURE)
    return shares


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit
