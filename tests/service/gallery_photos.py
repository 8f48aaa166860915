"""Specs, photos and threads for tests of galleries."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
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


def labelled_gallery(root: Path) -> Gallery:
    """Create the gallery `g` with the photos 1 to 7, labelled `thing 1` to `thing 7`."""
    gallery = Galleries(root).create("g", spec())
    gallery.add([new_photo(number, label=f"thing {number}") for number in range(1, 8)])
    return gallery


def damage(gallery: Gallery, statement: str) -> Gallery:
    """Change a row without its checksum, as a failing disk does. Return the gallery, opened again."""
    with gallery.database.transaction() as connection:
        connection.execute(statement)
    return Gallery(gallery.folder)


def ids(gallery: Gallery) -> list[int]:
    return [photo.id for photo in gallery.page(0, 100)]
