"""Build time, query time, recall and size of Flat, HNSW and IVF: why `faiss_index` has its constants.

    python -m benchmarks.faiss_index [--sizes 10000 50000 100000] [--dims 128 512]
        [--nprobe 8 32] [--links 32] [--ef-construction 80]

It runs in one process with one OpenMP thread. In each round, the kinds answer the same queries one after
another, so other work on the machine slows all of them alike: compare the ratios. Build time is CPU time,
which other work hardly changes. Bytes are those of the serialised index; in memory, IVF's lists take up to
1.5 times that, because they grow by doubling. Bold marks the kind that the service uses at that size. IVF
has 4·√n lists. It may find less on real data, whose classes k-means does not find as well.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from math import isqrt

import faiss
import numpy as np
from numpy.typing import NDArray

from service.galleries.faiss_index import EF_CONSTRUCTION, EF_SEARCH, FLAT_UP_TO, LINKS

K = 10
ROUNDS = 5
METRIC = faiss.METRIC_INNER_PRODUCT
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Mixture:
    """Unit vectors that resemble embeddings: classes of unequal sizes, in a space with few strong directions.

    At 512 dimensions and 3,125 vectors, they resemble the released sketchy model on its data. There, two
    photos of a class have a cosine of .43 (here .45), a query's tenth neighbour has .435 (.434), and 281
    dimensions have 90 % of the variance (277).
    """

    dim: int
    classes: int = 400
    decay: float = 0.35
    """Direction i has the scale i^-decay."""
    shared: float = 0.45
    """Cosine of two vectors of a class."""

    def draw(self, count: int, queries: int, seed: int) -> tuple[Vectors, Vectors]:
        """Sample a gallery [count, dim] and queries [queries, dim].

        Queries are a little farther from their class than photos, like sketches.
        """
        rng = np.random.default_rng(seed)
        scale = np.arange(1, self.dim + 1) ** -self.decay
        centres = _unit(rng.standard_normal((self.classes, self.dim)) * scale)
        size = np.arange(1, self.classes + 1) ** -0.5

        def sample(number: int, shared: float) -> Vectors:
            own = _unit(rng.standard_normal((number, self.dim)) * scale)
            mixed = (
                shared**0.5 * centres[rng.choice(self.classes, number, p=size / size.sum())]
                + (1 - shared) ** 0.5 * own
            )
            return _unit(mixed).astype(np.float32)

        return sample(count, self.shared), sample(queries, self.shared - 0.05)


@dataclass(frozen=True)
class Contender:
    """An index and its search parameters. Several contenders may share an index."""

    name: str
    index: faiss.Index
    built_seconds: float
    bytes_per_vector: float
    parameters: faiss.SearchParameters | None = None
    served: bool = False

    def search(self, queries: Vectors) -> tuple[NDArray[np.int64], list[float]]:
        """Return the ids of the hits [queries, K], and the milliseconds of each query."""
        found, spent = [], []
        for query in queries:
            started = time.perf_counter()
            _, ids = self.index.search(query[None], K, params=self.parameters)
            spent.append(1e3 * (time.perf_counter() - started))
            found.append(ids[0])
        return np.stack(found), spent


def contenders(
    gallery: Vectors, links: int, ef_constructions: list[int], nprobes: list[int]
) -> list[Contender]:
    """Build Flat, HNSW with half, once and twice the service's efSearch, and IVF with each nprobe."""
    count, dim = gallery.shape
    found = [Contender("Flat", *_built(faiss.IndexFlat(dim, METRIC), gallery), served=count <= FLAT_UP_TO)]
    for ef_construction in ef_constructions:
        built = _built(_hnsw(dim, links, ef_construction), gallery)
        for ef in (EF_SEARCH // 2, EF_SEARCH, 2 * EF_SEARCH):
            served = (links, ef_construction, ef) == (LINKS, EF_CONSTRUCTION, EF_SEARCH)
            name = f"HNSW{links}, efConstruction {ef_construction}, efSearch {ef}"
            parameters = faiss.SearchParametersHNSW(efSearch=ef)  # type: ignore[attr-defined]  # made by SWIG
            found.append(Contender(name, *built, parameters, served and count > FLAT_UP_TO))
    lists = 4 * isqrt(count)
    built = _built(_ivf(dim, lists), gallery)
    for nprobe in nprobes:
        parameters = faiss.SearchParametersIVF(nprobe=nprobe)  # type: ignore[call-arg]  # also made by SWIG
        found.append(Contender(f"IVF{lists}, nprobe {nprobe}", *built, parameters))
    return found


def compare(kinds: list[Contender], queries: Vectors) -> list[tuple[float, float, float]]:
    """Return for each kind: milliseconds per query, their ratio to the first kind's, and recall@K.

    Times are medians over the rounds. The first kind's hits are the truth.
    """
    times: list[list[float]] = [[] for _ in kinds]
    correct = [0] * len(kinds)
    for kind in kinds:
        kind.search(queries[:2])
    for part in np.array_split(queries, ROUNDS):
        truth, _ = kinds[0].search(part)
        for position, kind in enumerate(kinds):
            found, spent = kind.search(part)
            times[position].append(statistics.median(spent))
            correct[position] += sum(
                len(set(row) & set(true)) for row, true in zip(found.tolist(), truth.tolist(), strict=True)
            )
    medians = [statistics.median(each) for each in times]
    ratios = [
        statistics.median(own / flat for own, flat in zip(each, times[0], strict=True)) for each in times
    ]
    return [
        (ms, ratio, hits / (K * len(queries)))
        for ms, ratio, hits in zip(medians, ratios, correct, strict=True)
    ]


def threads(flat: Contender, queries: Vectors) -> tuple[float, float, float, float]:
    """Return milliseconds per query with one and with two OpenMP threads, and two ratios.

    The ratios divide two threads by one, in time and in CPU time.
    """
    elapsed: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    # The setting is per thread, not per process.
    for part in np.array_split(queries, ROUNDS):
        for number in (1, 2):
            faiss.omp_set_num_threads(number)
            flat.search(part[:1])
            started = time.process_time()
            elapsed[number].append(statistics.median(flat.search(part)[1]))
            cpu[number].append(time.process_time() - started)
    faiss.omp_set_num_threads(1)
    time_ratio, cpu_ratio = (
        statistics.median(two / one for one, two in zip(each[1], each[2], strict=True))
        for each in (elapsed, cpu)
    )
    return statistics.median(elapsed[1]), statistics.median(elapsed[2]), time_ratio, cpu_ratio


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


def _built(index: faiss.Index, gallery: Vectors) -> tuple[faiss.Index, float, float]:
    started = time.process_time()
    if not index.is_trained:
        index.train(gallery)
    index.add(gallery)
    return index, time.process_time() - started, faiss.serialize_index(index).nbytes / len(gallery)


def _hnsw(dim: int, links: int, ef_construction: int) -> faiss.Index:
    index = faiss.IndexHNSWFlat(dim, links, METRIC)
    index.hnsw.efConstruction = ef_construction
    return index


def _ivf(dim: int, lists: int) -> faiss.Index:
    index = faiss.IndexIVFFlat(faiss.IndexFlat(dim, METRIC), dim, lists, METRIC)
    index.cp.min_points_per_centroid = 1  # otherwise it prints a warning
    return index


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--dims", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--nprobe", type=int, nargs="+", default=[8, 32], help="lists that IVF searches")
    parser.add_argument("--links", type=int, default=LINKS, help="links of HNSW")
    parser.add_argument(
        "--ef-construction",
        type=int,
        nargs="+",
        default=[EF_CONSTRUCTION],
        help="efConstruction of HNSW; each is built",
    )
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    print(f"faiss {faiss.__version__}, {arguments.queries} queries, medians of {ROUNDS} rounds\n", flush=True)
    print(
        f"| dim | n | kind | build, CPU s | ms per query | : Flat's | recall@{K} | bytes per vector |\n"
        "|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    thread_rows = []
    for dim in arguments.dims:
        vectors, queries = Mixture(dim).draw(max(arguments.sizes), arguments.queries, arguments.seed)
        for size in sorted(arguments.sizes):
            kinds = contenders(vectors[:size], arguments.links, arguments.ef_construction, arguments.nprobe)
            for kind, (ms, ratio, recall) in zip(kinds, compare(kinds, queries), strict=True):
                name = f"**{kind.name}**" if kind.served else kind.name
                cells = (
                    dim,
                    f"{size:,}",
                    name,
                    f"{kind.built_seconds:.1f}",
                    f"{ms:.2f}",
                    f"{ratio:.3f}",
                    f"{recall:.3f}",
                    f"{kind.bytes_per_vector:,.0f}",
                )
                print("|", " | ".join(map(str, cells)), "|", flush=True)
            thread_rows.append((dim, size, threads(kinds[0], queries[: max(ROUNDS, arguments.queries // 2)])))
    print(
        "\n| dim | n | Flat, 1 thread, ms per query | 2 threads | 2 : 1, time | 2 : 1, CPU time |\n"
        "|---|---|---|---|---|---|"
    )
    for dim, size, (one, two, time_ratio, cpu_ratio) in thread_rows:
        print(f"| {dim} | {size:,} | {one:.2f} | {two:.2f} | {time_ratio:.2f} | {cpu_ratio:.2f} |")


if __name__ == "__main__":
    main()
