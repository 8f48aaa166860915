"""Retrieval metrics: top-1 accuracy across domains, and precision over ranked lists."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor


def top1(
    queries: Float[Tensor, "n d"], photos: Float[Tensor, "n d"], labels: Int[Tensor, " n"] | None = None
) -> float:
    """Share of queries whose nearest photo (L2) is the right one, from 0 to 1.

    The right one is the photo in the same row, or with labels any photo of the query's label. If k photos are
    equally near, the right ones among them count 1 / k each, so equal codes score 1 / n. Codes that are not
    numbers find nothing.
    """
    right = 0.0
    labels = torch.arange(len(queries)) if labels is None else labels.cpu()
    for start in range(0, len(queries), 512):
        chunk = slice(start, start + 512)
        distances = torch.cdist(queries[chunk].double(), photos.double()).cpu()
        nearest = distances == distances.min(1, keepdim=True).values
        own = nearest & (labels[chunk, None] == labels)
        right += float((own.sum(1) / nearest.sum(1).clamp_min(1)).sum())
    return right / len(queries)


def cosine(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"]) -> Float[Tensor, "q n"]:
    """Cosine similarities."""
    return torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(photos).T


def ranked_relevance(
    scores: Float[Tensor, "q n"], query_labels: Tensor, photo_labels: Tensor
) -> Bool[Tensor, "q n"]:
    """Whether each hit is of the query's class, best hit first; equal scores keep the photos' order."""
    order = scores.argsort(dim=1, descending=True, stable=True)
    return photo_labels[order] == query_labels[:, None]


def mean_average_precision(relevant: Bool[Tensor, "q n"], at: int | None = None) -> float:
    """Mean average precision: the mean over queries of sum_k P(k) rel(k) / R.

    P(k) is the precision of the first k hits, rel(k) is 1 if hit k is relevant, and R is the number of
    relevant photos.

    Args:
        relevant: whether each hit is relevant, best first.
        at: use only the first `at` hits, with R at most `at`; None uses all.
    """
    hits = relevant if at is None else relevant[:, :at]
    precision = hits.cumsum(1) / torch.arange(1, hits.shape[1] + 1)
    total = relevant.sum(1) if at is None else relevant.sum(1).clamp_max(at)
    return float(((precision * hits).sum(1) / total.clamp_min(1)).mean())


def precision_at(relevant: Bool[Tensor, "q n"], k: int) -> float:
    """Mean share of relevant hits among the first k."""
    return float(relevant[:, :k].float().mean())


def cosine_map(
    photos: Tensor, photo_labels: NDArray[np.int64], sketches: Tensor, sketch_labels: NDArray[np.int64]
) -> float:
    """mAP@all of searching photo codes [n, d] with sketch codes [q, d] by cosine."""
    relevant = ranked_relevance(
        cosine(sketches, photos), torch.from_numpy(sketch_labels), torch.from_numpy(photo_labels)
    )
    return mean_average_precision(relevant)
