"""The paper's pictures of cross-domain retrieval: successes and failures with three hits (Figures 5 to 8)."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import Pairs, labels_of
from model.evaluation.marks import marked
from model.evaluation.retrieval import encode_pairs
from model.evaluation.sheet import GAP, beside, columns, note, stacked, text_size, tile, titled
from model.inference import Inference
from model.presets import SIDES, Side, other


def retrieval(
    inference: Inference, pairs: Pairs, *, count: int = 6, k: int = 3, seed: int = 0
) -> Image.Image:
    """Figures 5 to 8: queries with their true pictures and their first k hits in the other domain.

    A query succeeds if its own pair is the first hit, and fails otherwise. Successes and failures of both
    directions are apart. Each hit is marked right or wrong. Of equally near pictures any may be first, where
    `top1` counts a share of each.

    Args:
        inference: a model with shared codes.
        pairs: the pairs; each query searches all pictures of the other domain.
        count: at most this many successes and this many failures in each direction.
        k: hits per query.
        seed: decides the queries.
    """
    codes = encode_pairs(inference.shared, pairs, inference.device)
    labels = labels_of(pairs, None).numpy()
    directions = [
        _Direction(pairs, source, nearest(codes[source], codes[other(source)], k).cpu().numpy(), labels)
        for source in SIDES
    ]
    size = text_size(directions[0].side)
    titles = {True: "Successes: the pair is first", False: "Failures: the pair is not first"}
    blocks = [
        titled(
            title, beside([each.sheet(count, seed, succeeded=succeeded) for each in directions], size), size
        )
        for succeeded, title in titles.items()
    ]
    return stacked(blocks, size)


def nearest(queries: Float[Tensor, "q d"], photos: Float[Tensor, "n d"], k: int) -> Int64[Tensor, "q k"]:
    """Return the rows of the k nearest photos (L2) of each query, nearest first; all if there are fewer."""
    k, photos = min(k, len(photos)), photos.double()
    chunks = queries.double().split(512)
    return torch.cat([torch.cdist(chunk, photos).topk(k, largest=False).indices for chunk in chunks])


@dataclass(frozen=True)
class _Direction:
    """The retrieval from one domain.

    Attributes:
        pairs: the pairs.
        source: the queries' domain.
        hits: the first hits of each query, [pairs, k], nearest first.
        labels: which pairs show the same; a hit of the query's label is right.
    """

    pairs: Pairs
    source: Side
    hits: NDArray[np.int64]
    labels: NDArray[np.int64]

    def sheet(self, count: int, seed: int, *, succeeded: bool) -> Image.Image:
        """Return at most `count` of the queries that succeeded, or of those that failed."""
        chosen = np.flatnonzero((self.labels[self.hits[:, 0]] == self.labels) == succeeded)
        shown = np.random.default_rng(seed).permutation(chosen)[:count].tolist()
        domains = dict(zip(SIDES, self.pairs.domains, strict=True))
        heads = (domains[self.source], "truth", *(str(rank + 1) for rank in range(self.hits.shape[1])))
        size = text_size(self.side)
        if shown:
            rows = columns(heads, [self._row(index) for index in shown])
        else:
            outcome = "failures" if not succeeded else "successes"
            rows = note(f"no {outcome} in this direction", len(heads) * (self.side + GAP) - GAP, size)
        title = f"{domains[self.source]} → {domains[other(self.source)]}"
        return titled(f"{title}: {len(chosen):,} of {len(self.pairs):,}", rows, size)

    @property
    def side(self) -> int:
        """Return the side of a picture on the sheet."""
        return self._tile(self.source, 0).width

    def _row(self, query: int) -> list[Image.Image]:
        target = other(self.source)
        hits = [
            marked(self._tile(target, hit), right=bool(self.labels[hit] == self.labels[query]))
            for hit in self.hits[query].tolist()
        ]
        return [self._tile(self.source, query), self._tile(target, query), *hits]

    def _tile(self, side: Side, index: int) -> Image.Image:
        return tile(self.pairs.pair(index, None)[SIDES.index(side)])
