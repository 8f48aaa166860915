"""A reindex with known embeddings, which can also run in a process that a test kills."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.galleries.collection import Galleries
from service.galleries.records import GallerySpec, NewPhoto, Photo
from service.galleries.reindex import job as job_module
from service.galleries.reindex import rows
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.records import EmbeddedPhoto

DIMS = {"d0": 6, "d1": 6, "d2": 9, "d3": 4}
"""Digests of imaginary checkpoints and the lengths of their embeddings. d3 compares by L2 distance."""


def spec(digest: str) -> GallerySpec:
    return GallerySpec(
        model=f"model-{digest}",
        digest=digest,
        domain="photo",
        distance="l2" if digest == "d3" else "cosine",
        dim=DIMS[digest],
    )


def vector(number: int, digest: str) -> np.ndarray:
    """The embedding of a photo by a checkpoint."""
    return np.random.default_rng([number, int(digest[1:])]).normal(size=DIMS[digest]).astype(np.float32)


def new(number: int, digest: str) -> NewPhoto:
    return NewPhoto(
        sha256=f"{number:064x}",
        embedding=vector(number, digest),
        content_type="image/png",
        width=3,
        height=4,
        thumbnail=b"small",
        data=b"picture %d" % number,
        label=f"label {number}",
        metadata={"number": number},
    )


def number_of(photo: Photo) -> int:
    return int(photo.sha256, 16)


def embedded(page: Sequence[Photo], digest: str) -> list[EmbeddedPhoto]:
    return [EmbeddedPhoto(photo_id=photo.id, embedding=vector(number_of(photo), digest)) for photo in page]


def reindex_all(root: Path, digest: str) -> None:
    """Reindex `g` in small, slow steps. A kill comes between two of them."""
    job_module.PAGE, rows.STEP = 5, 10
    with ReindexJob(Galleries(root).open("g"), spec(digest)) as job:
        while not job.switched:
            for page in job.pages():
                time.sleep(0.01)
                job.keep(embedded(page, digest))
            job.switch()
