"""The rules of a search that the server and the command line share: which gallery, and which scores."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from model.manifest import Manifest
from model.presets import QueryKind, Side
from service.deadline import Deadline, shared_deadline
from service.embedding import Embedding
from service.errors import GalleryBusy, GalleryDamaged, GalleryNotFound, ParameterInvalid, StorageUnavailable
from service.galleries.collection import Galleries
from service.galleries.faiss_index import index_rows
from service.galleries.gallery import Gallery
from service.galleries.photo_filter import EVERY_PHOTO, PhotoFilter
from service.galleries.records import GallerySpec, Hit
from service.registry.model import Model

MAX_SKETCHES = 8
"""Maximum number of sketches in one query."""
NAMES_SHOWN = 20
"""Maximum number of names in an error message."""
SKIP_AFTER = 0.5
"""Seconds after which a search for any gallery skips one that does not answer."""
UNREADABLE = (GalleryBusy, GalleryDamaged, GalleryNotFound, StorageUnavailable)
"""Errors of a gallery that a search for any gallery skips. Not found: it was deleted since it was listed."""

SCORE_DIGITS = 6
"""Digits of a score. Scores are rounded first, so that the score of an answer is a valid `min_score`."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which hits of a search to return.

    Attributes:
        k: the largest number of hits.
        offset: leave out this many of the first hits.
        min_score: leave out the photos with a lower score.
        wanted: the photos to search. The others still count where scores depend on the number of photos, so a
            photo's score does not depend on this.
    """

    k: int
    offset: int = 0
    min_score: float | None = None
    wanted: PhotoFilter = EVERY_PHOTO


@dataclass(frozen=True)
class SearchResults:
    """The hits of one search, best first. `scores` names the kind of score, see `Manifest.scores`."""

    gallery: Gallery
    model: Model
    hits: list[Hit]
    scores: str


def first_searchable(galleries: Galleries, digests: Collection[str]) -> Gallery:
    """Return the first gallery, by name, that one of these checkpoints embedded.

    Args:
        digests: digests of the checkpoints that can search.

    Raises:
        GalleryNotFound: there is none.
    """
    unsuitable: list[str] = []
    for name in galleries.names():
        with suppress(*UNREADABLE), shared_deadline(Deadline(monotonic() + SKIP_AFTER)):
            gallery = galleries.open(name, keep=False)
            if gallery.spec.digest in digests:
                return gallery
            unsuitable.append(name)
    raise none_searchable(unsuitable)


def none_searchable(unsuitable: Sequence[str]) -> GalleryNotFound:
    """Return the error if no gallery can be searched.

    Args:
        unsuitable: names of the galleries that another checkpoint embedded.
    """
    if not unsuitable:
        return GalleryNotFound(
            "there is no gallery to search; create one with `iiae index FOLDER` or POST /galleries"
        )
    return GalleryNotFound(
        "the checkpoints that can answer this search did not embed the galleries"
        f" {', '.join(unsuitable[:NAMES_SHOWN])}; re-embed one with `iiae reindex NAME`, or create one"
    )


def check_vector(vector: Embedding, spec: GallerySpec) -> None:
    """Check that a vector can be compared with the embeddings of a gallery.

    Raises:
        ParameterInvalid: it has another length or, for cosines and inner products, no direction.
    """
    if len(vector) != spec.dim:
        fault = f"has {len(vector)} values; embeddings of this gallery have {spec.dim}"
    elif spec.distance != "l2" and not vector.any():
        fault = "has only zeros, so it has no direction"
    else:
        return
    kind = "search_drawn" if spec.drawn else "search"
    raise ParameterInvalid(
        f"the vector {fault}; send one that POST /embed computed with model={spec.model} and kind={kind}",
        (("vector", fault),),
    )


def combined(
    sketches: Sequence[Embedding], photo: Embedding | None, distance: str
) -> tuple[Embedding, float]:
    """Return the query of several sketches of one thing and perhaps a photo, [dim], and its `query_norm`.

    All sketches have the same weight. The photo weighs as much as all sketches together.
    """
    query = index_rows(list(sketches), distance).mean(axis=0)
    if photo is not None:
        query = (query + index_rows([photo], distance)[0]) / 2
    return query, float(np.linalg.norm(query)) if distance == "cosine" else 1.0


def search_gallery(
    gallery: Gallery,
    model: Model,
    side: Side,
    query: Embedding,
    selection: Selection,
    *,
    expand: bool = False,
    query_norm: float = 1.0,
) -> SearchResults:
    """Return the photos nearest to a query, with their scores. Runs FAISS and SQLite: call it in a thread.

    Args:
        side: the domain of the query.
        query: [dim].
        expand: add the first hits to the query (`model.sketch.expansion`), if it is a sketch.
        query_norm: for cosines, length of a query that is the mean of several unit embeddings; else 1. The
            index normalises such queries. A cosine times this length is the mean cosine to those embeddings.
    """
    kind = model.manifest.query_kind(side, expand=expand, drawn=gallery.spec.drawn)
    search = gallery.search_expanded if model.manifest.expands(side, expand=expand) else gallery.search
    nearest = search(query, selection.offset + selection.k, selection.wanted)[selection.offset :]
    photos = gallery.index.count
    hits = [_scored(hit, model.manifest, kind, hit.score * query_norm, photos) for hit in nearest]
    if selection.min_score is not None:
        hits = [hit for hit in hits if hit.score >= selection.min_score]
    return SearchResults(gallery, model, hits, model.manifest.scores(kind))


def _scored(hit: Hit, manifest: Manifest, kind: QueryKind, nearness: float, photos: int) -> Hit:
    """Return a hit with the score and the grade of this nearness."""
    score = round(manifest.score(kind, nearness, photos), SCORE_DIGITS)
    return replace(hit, score=score, grade=manifest.grade(kind, score))
