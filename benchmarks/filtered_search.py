"""How long searches with a filter take in a gallery of a million photos, beside a search without one.

    python -m benchmarks.filtered_search [--photos 1000000] [--dim 32] [--folder DIR]

The gallery is made of random unit vectors; no pictures are needed. `first` is the first search with a filter
after a change of the gallery: it reads the rows of all photos. `again` is a later search with the same
filter. Other work on the machine slows all rows alike: compare the ratios. `--folder` keeps the gallery for
the next run.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np

from service.embedding import Embedding
from service.galleries.checksums import PHOTO
from service.galleries.collection import Galleries
from service.galleries.faiss_index import FaissIndex, index_rows, new_index
from service.galleries.gallery import Gallery
from service.galleries.index_file import IndexFile
from service.galleries.photo_filter import EVERY_PHOTO, Equal, PhotoFilter, Within
from service.galleries.records import GallerySpec, NewPhoto
from service.galleries.schema import set_meta
from service.galleries.stored_rows import embedding_values, photo_values

K = 20
ROUNDS = 5
"""First searches of each row; the table has medians. Each has a filter of its own, of the same size."""
SHARES = {"rare": 1e-4, "some": 0.01, "many": 0.04, "common": 0.15}
"""Shares of the photos that have one of five labels, by the start of the label's name."""


def label_of(number: int) -> str:
    """Return the label of a photo: five of each share, and `other`."""
    place, start = (number * 0.6180339887498949) % 1, 0.0
    for name, share in SHARES.items():
        if place < start + ROUNDS * share:
            return f"{name}-{int((place - start) / share)}"
        start += ROUNDS * share
    return "other"


def filters(row: str) -> list[PhotoFilter]:
    """Return the filters of a row of the table, all of the same size."""
    turns = range(ROUNDS)
    if row.startswith("label"):
        name = row.split()[1].rstrip(",")
        return [PhotoFilter(labels=(f"{name}-{turn}",)) for turn in turns]
    return {
        "folder, 1 %": [PhotoFilter(folder=f"folder-{turn}") for turn in turns],
        "metadata, equal, 1 %": [PhotoFilter(metadata=(Equal("camera", (turn,)),)) for turn in turns],
        "metadata, range, 10 %": [
            PhotoFilter(metadata=(Within("year", (("gte", turn), ("lt", turn + 10))),)) for turn in turns
        ],
    }[row]


ROWS = (
    "label rare, .01 %",
    "label some, 1 %",
    "label many, 4 %",
    "label common, 15 %",
    "folder, 1 %",
    "metadata, equal, 1 %",
    "metadata, range, 10 %",
)


def main() -> None:
    """Make the gallery, measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument(
        "--folder", type=Path, help="where the gallery is kept; a temporary folder if not given"
    )
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        root = arguments.folder or Path(temporary)
        if "g" not in Galleries(root).names():
            make(root, arguments.photos, arguments.dim)
        measure(Galleries(root).open("g"), np.random.default_rng(1))


def make(root: Path, photos: int, dim: int) -> None:
    """Write a gallery's rows and its index, without a picture or a thumbnail."""
    began = time.monotonic()
    vectors = np.random.default_rng(0).normal(size=(photos, dim)).astype(np.float32)
    spec = GallerySpec(model="m", digest="d", domain="photo", distance="cosine", dim=dim)
    gallery = Galleries(root).create("g", spec)
    marks = ",".join("?" * (len(PHOTO) + 1))
    with gallery.database.transaction() as connection:
        connection.executemany(
            f"INSERT INTO photos ({', '.join(PHOTO)}, checksum) VALUES ({marks})", photo_rows(vectors)
        )
        connection.executemany(
            f"INSERT INTO {gallery.database.embeddings} (id, fault, embedding, checksum) VALUES (?, ?, ?, ?)",
            (embedding_values(number + 1, vector) for number, vector in enumerate(vectors)),
        )
        set_meta(connection, "revision", "1")
    print(f"rows written in {time.monotonic() - began:.0f} s", flush=True)
    began = time.monotonic()
    index = new_index(photos, dim, spec.distance)
    for start in range(0, photos, 10_000):  # with all threads
        index.add(index_rows(list(vectors[start : start + 10_000]), spec.distance))
    state = FaissIndex(index, np.arange(1, photos + 1), frozenset(), 1, spec.distance)
    identity = gallery.spec.identity
    IndexFile(gallery.index.folder, dim=dim, distance=spec.distance, identity=identity).save(state)
    print(f"index ({state.kind}) built in {time.monotonic() - began:.0f} s", flush=True)


def photo_rows(vectors: Embedding) -> Iterator[tuple[int | str | bytes | None, ...]]:
    """Yield the rows of the photos."""
    for number, vector in enumerate(vectors):
        folder = f"folder-{number % 100}"
        photo = NewPhoto(
            sha256=f"{number:064x}",
            embedding=vector,
            content_type="image/jpeg",
            width=640,
            height=480,
            thumbnail=b"small",
            source=f"/photos/{folder}/{number}.jpg",
            label=label_of(number),
            metadata={
                "file": f"{folder}/{number}.jpg",
                "camera": number // 7 % 100,
                "year": number // 11 % 100,
            },
        )
        yield photo_values(number + 1, photo, 1)


def measure(gallery: Gallery, rng: np.random.Generator) -> None:
    """Search with and without filters, and print the table."""

    def seconds(wanted: PhotoFilter) -> float:
        query = rng.normal(size=gallery.spec.dim).astype(np.float32)
        began = time.perf_counter()
        gallery.search(query, K, wanted)
        return time.perf_counter() - began

    began = time.monotonic()
    seconds(EVERY_PHOTO)
    print(f"first search, which loads the index: {time.monotonic() - began:.1f} s\n")
    plain = statistics.median(seconds(EVERY_PHOTO) for _ in range(5 * ROUNDS))
    print(
        f"| {gallery.count:,} photos, {gallery.spec.dim} dimensions | first, ms | ratio | again, ms | ratio |"
    )
    print("|---|--:|--:|--:|--:|")
    print(f"| no filter | | | {1e3 * plain:.1f} | 1 |")
    for row in ROWS:
        firsts, later = [], []
        for wanted in filters(row):
            firsts.append(seconds(wanted))
            later += [seconds(wanted) for _ in range(3)]
        first, again = statistics.median(firsts), statistics.median(later)
        print(
            f"| {row} | {1e3 * first:.1f} | {first / plain:.0f} | {1e3 * again:.1f} | {again / plain:.1f} |",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\nFAISS {faiss.__version__}; largest resident memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
