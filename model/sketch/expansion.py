"""Query expansion (Chum et al., 2007): a query is drawn towards what it finds, so that photos like its hits rise.

Each of the first hits counts by a softmax over their cosines, so that a hit far behind the first hardly counts: a
gallery with one photo of a thing loses little, one with many gains much (benchmarks/sketch_reranking.py). A hit is
scored by the expansion that the others give. With its own it would vouch for itself.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

FIRST = 20
"""How many hits a query is expanded by, at most."""
TEMPERATURE = 0.05
WEIGHT = 0.5
"""What the hits count, where the query counts 1."""


def expanded(
    query: NDArray[np.floating], hits: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A query and its first hits, [d] and [n, d] of any length, to the wider query, a unit vector [d], and those hits' scores [n]."""
    query, hits = _unit(query.astype(np.float64)), _unit(hits.astype(np.float64))
    nearness = hits @ query
    pulls = np.exp((nearness - nearness.max(initial=-1)) / TEMPERATURE)[:, None] * hits
    all_of_them = pulls.sum(0)
    others = _unit(query + WEIGHT * _unit(all_of_them - pulls))
    return _unit(query + WEIGHT * _unit(all_of_them)).astype(np.float32), (others * hits).sum(-1).astype(
        np.float32
    )


def expanded_scores(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"]) -> Float[Tensor, "q n"]:
    """What expanded queries score for every photo; the whole of it at once, for evaluation."""
    queries, photos = F.normalize(queries.float()), F.normalize(photos.float())
    first = (queries @ photos.T).topk(min(FIRST, len(photos))).indices
    scores = torch.empty(len(queries), len(photos))
    for row, (query, near) in enumerate(zip(queries, first, strict=True)):
        wider, own = expanded(query.numpy(), photos[near].numpy())
        scores[row] = photos @ torch.from_numpy(wider)
        scores[row, near] = torch.from_numpy(own)
    return scores


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit
