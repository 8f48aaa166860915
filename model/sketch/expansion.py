"""Query expansion (Chum et al., 2007): move a query towards its first hits, to find more photos like them.

A softmax over the cosines weights the hits, so hits far behind the first hardly count. A gallery with one
photo of a class loses little, a gallery with many gains much (benchmarks/sketch_reranking.py). Each hit is
scored by the expansion without that hit, because a hit would otherwise raise its own score.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

MAX_HITS = 20
"""Largest number of hits that expand a query."""
TEMPERATURE = 0.05
"""Temperature of the softmax over the hits' cosines."""
WEIGHT = 0.5
"""Weight of the hits' mean; the query has weight 1."""


def expanded(
    query: NDArray[np.floating], hits: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Expand one query by its first hits.

    Args:
        query: its code, [d], of any norm.
        hits: codes of the first hits, [n, d], of any norm.

    Returns:
        The expanded query, a unit vector [d], and the scores of those hits, [n].
    """
    query, hits = _unit(query.astype(np.float64)), _unit(hits.astype(np.float64))
    cosines = hits @ query
    weighted = np.exp((cosines - cosines.max(initial=-1)) / TEMPERATURE)[:, None] * hits
    total = weighted.sum(0)
    without_each = _unit(query + WEIGHT * _unit(total - weighted))
    expanded_query = _unit(query + WEIGHT * _unit(total))
    return expanded_query.astype(np.float32), (without_each * hits).sum(-1).astype(np.float32)


def expanded_scores(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"]) -> Float[Tensor, "q n"]:
    """Return the scores of all photos for each expanded query.

    For evaluation and calibration, which have all codes in memory.
    """
    queries, photos = F.normalize(queries.float()), F.normalize(photos.float())
    first = (queries @ photos.T).topk(min(MAX_HITS, len(photos))).indices
    scores = torch.empty(len(queries), len(photos))
    for row, (query, indices) in enumerate(zip(queries, first, strict=True)):
        expanded_query, hit_scores = expanded(query.numpy(), photos[indices].numpy())
        scores[row] = photos @ torch.from_numpy(expanded_query)
        scores[row, indices] = torch.from_numpy(hit_scores)
    return scores


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit
