"""Specs, photos and threads for tests of galleries."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from service.galleries.records import GallerySpec, NewPhoto

DIM = 6


def spec(distance: str = "cosine") -> GallerySpec:
    return GallerySpec(model="m", digest="d", domain="photo", distance=distance, dim=DIM)


def embedding(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=DIM).astype(np.float32)


def new_photo(number: int, **changes: object) -> NewPhoto:
    """A photo whose SHA-256 and embedding follow from its number."""
    fields: dict[str, object] = {
        "sha256": f"{number:064x}",
        "embedding": embedding(number),
        "content_type": "image/png",
        "width": 3,
        "height": 4,
        "thumbnail": b"small",
        "data": b"picture %d" % number,
    }
    return NewPhoto(**(fields | changes))


def run_concurrently(calls: Sequence[Callable[[], object]]) -> None:
    """Run each call in its own thread, started in this order. Raise what one of them raises."""
    with ThreadPoolExecutor(len(calls)) as threads:
        for future in [threads.submit(call) for call in calls]:
            future.result()
