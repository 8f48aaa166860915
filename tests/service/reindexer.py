"""A reindex with known embeddings, which can also run in a process that a test kills."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.gallery import Gallery
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
    return [
        EmbeddedPhoto(photo_id=photo.id, sha256=photo.sha256, embedding=vector(number_of(photo), digest))
        for photo in page
    ]


def reindex_all(root: Path, digest: str) -> None:
    """Reindex `g` in small, slow steps. A kill comes between two of them."""
    with (
        patch.object(job_module, "PAGE", 5),
        patch.object(rows, "STEP", 10),
        ReindexJob(Galleries(root).open("g"), spec(digest)) as job,
    ):
        while not job.switched:
            for page in job.pages():
                time.sleep(0.01)
                job.keep(embedded(page, digest))
            job.switch()


def score(query: np.ndarray, embedding: np.ndarray, distance: str) -> float:
    if distance == "cosine":
        return float(query @ embedding / np.linalg.norm(query) / np.linalg.norm(embedding))
    return float(1 / (1 + np.linalg.norm(query - embedding)))


def create(root: Path, count: int) -> Gallery:
    """Create `g` with some photos embedded by d0."""
    gallery = Galleries(root).create("g", spec("d0"))
    gallery.add([new(number, "d0") for number in range(count)])
    return gallery


def spaces(root: Path) -> list[str]:
    """The tables of embeddings that `g` has."""
    with sqlite3.connect(root / "g" / DATABASE) as connection:
        return [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE name GLOB 'embeddings_*' AND type = 'table'"
            )
        ]
