"""CPU time of a gallery's rows: adding photos, the first search after a start, and later searches.

    python -m benchmarks.gallery_rows [--photos 10000] [--dim 256] [--rounds 5]

Pictures are not decoded or embedded: this is what SQLite, FAISS and the checksums of rows take. Other work on
the machine changes CPU time less than elapsed time; the table has the best round. To compare with another
version, run this file with `PYTHONPATH` set to its checkout.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from service.embedding import Embedding
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, NewPhoto

BATCH = 16
"""Photos in one transaction, as in a request of the page."""
QUERIES = 50


def photo(number: int, embedding: Embedding) -> NewPhoto:
    """Return a photo that is stored in its own folder, so that no picture is written."""
    return NewPhoto(
        sha256=f"{number:064x}",
        embedding=embedding,
        content_type="image/jpeg",
        width=640,
        height=480,
        thumbnail=b"small",
        source=f"/photos/umbrella/{number}.jpg",
        label="umbrella",
        metadata={"file": f"umbrella/{number}.jpg"},
    )


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def best(rounds: int, call: Callable[[], object]) -> float:
    """Return the least CPU time of several calls."""
    return min(cpu_seconds(call) for _ in range(rounds))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        measure(Path(folder), arguments.photos, arguments.dim, arguments.rounds)


def measure(root: Path, photos: int, dim: int, rounds: int) -> None:
    """Fill a gallery and print the CPU time of each operation."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(photos, dim)).astype(np.float32)
    queries = rng.normal(size=(QUERIES, dim)).astype(np.float32)
    spec = GallerySpec(model="m", digest="d", domain="photo", distance="cosine", dim=dim)
    gallery = Galleries(root).create("g", spec)
    batches = [
        [photo(number, vectors[number]) for number in range(start, min(start + BATCH, photos))]
        for start in range(0, photos, BATCH)
    ]
    seconds = sorted(cpu_seconds(partial(gallery.add, batch)) for batch in batches)
    each = seconds[len(seconds) // 2] / BATCH
    print(f"| {photos} photos of {dim} dimensions | CPU time |\n|---|---|")
    print(f"| add one photo, in batches of {BATCH} (median) | {each * 1e6:.0f} µs |")

    def first_search() -> None:
        Gallery(root / "g").search(queries[0], 20)

    print(
        f"| first search after a start, without a saved index | {best(rounds, first_search) * 1e3:.1f} ms |"
    )
    for k in (20, 1_000):
        for name, search in (("search", gallery.search), ("search, expanded", gallery.search_expanded)):
            search(queries[0], k)
            times = [best(rounds, partial(search, query, k)) for query in queries]
            print(f"| {name}, {k} hits | {min(times) * 1e3:.2f} ms |")


if __name__ == "__main__":
    main()
