"""Figures of retrieval: top-1 across domains, and mean average precision over ranked lists."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def top1(queries: Float[Tensor, "n d"], photos: Float[Tensor, "n d"]) -> float:
    """Share of queries whose nearest of all photos (L2) is their own pair, i.e. of the same row; a fraction of 1.

    A tie counts only in proportion: codes that are all equal score 1 / n.
    """
    right = 0.0
    for start in range(0, len(queries), 512):
        chunk = slice(start, start + 512)
        distances = torch.cdist(queries[chunk].double(), photos.double())
        own = distances[torch.arange(len(distances)), torch.arange(start, start + len(distances))]
        nearer = (distances < own[:, None]).any(1)
        ties = (distances == own[:, None]).sum(1)
        right += float((~nearer / ties).sum())
    return right / len(queries)


def cosine(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"]) -> Float[Tensor, "q n"]:
    """Cosine similarities."""
    return torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(photos).T


def ranked_relevance(
    scores: Float[Tensor, "q n"], query_labels: Tensor, photo_labels: Tensor
) -> Bool[Tensor, "q n"]:
    """Whether the hit at each rank, best first, is of the query's class; equal scores keep the photos' order."""
    order = scores.argsort(dim=1, descending=True, stable=True)
    return photo_labels[order] == query_labels[:, None]


def mean_average_precision(relevant: Bool[Tensor, "q n"], at: int | None = None) -> float:
    """Mean over queries of sum_k P(k) rel(k) / R; `at` cuts the lists, and R with them (R = min(at, relevant))."""
    hits = relevant if at is None else relevant[:, :at]
    precision = hits.cumsum(1) / torch.arange(1, hits.shape[1] + 1)
    wanted = relevant.sum(1) if at is None else relevant.sum(1).clamp_max(at)
    return float(((precision * hits).sum(1) / wanted.clamp_min(1)).mean())


def precision_at(relevant: Bool[Tensor, "q n"], k: int) -> float:
    """Mean share of relevant hits among the first k."""
    return float(relevant[:, :k].float().mean())
