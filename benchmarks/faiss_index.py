"""What a gallery's index costs and finds, by kind and size: the measurement behind service.index's constants.

    python -m benchmarks.faiss_index [--sizes 10000 50000 100000] [--dims 128 512] [--nprobe 8 32] [--links 32] [--ef-construction 80]

One process and one OpenMP thread; the kinds answer the same queries one at a time, in turns, round by round, so that a busy
machine slows all alike: read the ratios. Building is in seconds of CPU time, which others' work touches least. Bytes are those
of the index as it is serialised; in memory IVF's lists, which grow by doubling, take up to half as much again. Bold is what the
service takes at that size. IVF has 4·√n lists; it looks better here than it may on data whose classes k-means does not find.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from math import isqrt

import faiss
import numpy as np
from numpy.typing import NDArray

from service.galleries.index_state import EF_CONSTRUCTION, EF_SEARCH, FLAT_UP_TO, LINKS

K = 10
ROUNDS = 5
METRIC = faiss.METRIC_INNER_PRODUCT
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Mixture:
    """Unit vectors as embeddings have them: classes of unequal sizes around centres, in a space with few strong directions.

    At 512 dimensions and 3,125 vectors the figures are those of the released sketchy model on its data: two photos of a class have
    a cosine of .43, the tenth neighbour of a query .435, and 90 % of the variance takes 281 dimensions (here .45, .434 and 277).
    """

    dim: int
    classes: int = 400
    decay: float = 0.35
    """Direction i has the scale i^-decay."""
    shared: float = 0.45
    """Cosine of two vectors of a class."""

    def draw(self, count: int, queries: int, seed: int) -> tuple[Vectors, Vectors]:
        """A gallery [count, dim] and queries [queries, dim], which lie a little farther from their class, being of another domain."""
        chance = np.random.default_rng(seed)
        scale = np.arange(1, self.dim + 1) ** -self.decay
        centres = _unit(chance.standard_normal((self.classes, self.dim)) * scale)
        size = np.arange(1, self.classes + 1) ** -0.5

        def some(many: int, shared: float) -> Vectors:
            own = _unit(chance.standard_normal((many, self.dim)) * scale)
            mixed = (
                shared**0.5 * centres[chance.choice(self.classes, many, p=size / size.sum())]
                + (1 - shared) ** 0.5 * own
            )
            return _unit(mixed).astype(np.float32)

        return some(count, self.shared), some(queries, self.shared - 0.05)


@dataclass(frozen=True)
class Contender:
    """An index and how it is asked; several may share an index."""

    name: str
    index: faiss.Index
    built_seconds: float
    bytes_each: float
    parameters: faiss.SearchParameters | None = None
    served: bool = False

    def ask(self, queries: Vectors) -> tuple[NDArray[np.int64], list[float]]:
        """The ids found [queries, K], and each query's milliseconds."""
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
    """Flat first; HNSW with half, all and twice of the service's efSearch; IVF with each nprobe."""
    count, dim = gallery.shape
    found = [Contender("Flat", *_built(faiss.IndexFlat(dim, METRIC), gallery), served=count <= FLAT_UP_TO)]
    for ef_construction in ef_constructions:
        built = _built(_hnsw(dim, links, ef_construction), gallery)
        for ef in (EF_SEARCH // 2, EF_SEARCH, 2 * EF_SEARCH):
            ours = (links, ef_construction, ef) == (LINKS, EF_CONSTRUCTION, EF_SEARCH)
            name = f"HNSW{links}, efConstruction {ef_construction}, efSearch {ef}"
            parameters = faiss.SearchParametersHNSW(efSearch=ef)  # type: ignore[attr-defined]  # made by SWIG when it is imported
            found.append(Contender(name, *built, parameters, ours and count > FLAT_UP_TO))
    lists = 4 * isqrt(count)
    built = _built(_ivf(dim, lists), gallery)
    for nprobe in nprobes:
        parameters = faiss.SearchParametersIVF(nprobe=nprobe)  # type: ignore[call-arg]  # likewise
        found.append(Contender(f"IVF{lists}, nprobe {nprobe}", *built, parameters))
    return found


def compare(kinds: list[Contender], queries: Vectors) -> list[tuple[float, float, float]]:
    """Of each: milliseconds a query and their ratio to the first one's (medians over the rounds), and recall@K against the first."""
    times: list[list[float]] = [[] for _ in kinds]
    right = [0] * len(kinds)
    for kind in kinds:
        kind.ask(queries[:2])
    for part in np.array_split(queries, ROUNDS):
        truth, _ = kinds[0].ask(part)
        for place, kind in enumerate(kinds):
            found, spent = kind.ask(part)
            times[place].append(statistics.median(spent))
            right[place] += sum(
                len(set(row) & set(true)) for row, true in zip(found.tolist(), truth.tolist(), strict=True)
            )
    medians = [statistics.median(each) for each in times]
    ratios = [
        statistics.median(own / flat for own, flat in zip(each, times[0], strict=True)) for each in times
    ]
    return [
        (ms, ratio, hits / (K * len(queries))) for ms, ratio, hits in zip(medians, ratios, right, strict=True)
    ]


def threads(flat: Contender, queries: Vectors) -> tuple[float, float, float, float]:
    """Milliseconds a query with one OpenMP thread and with two; by how much two take longer, and how much more CPU time."""
    wall: dict[int, list[float]] = {1: [], 2: []}
    busy: dict[int, list[float]] = {1: [], 2: []}
    # The number holds for the calling thread alone, not for the process.
    for part in np.array_split(queries, ROUNDS):
        for number in (1, 2):
            faiss.omp_set_num_threads(number)
            flat.ask(part[:1])
            started = time.process_time()
            wall[number].append(statistics.median(flat.ask(part)[1]))
            busy[number].append(time.process_time() - started)
    faiss.omp_set_num_threads(1)
    longer, costlier = (
        statistics.median(two / one for one, two in zip(each[1], each[2], strict=True))
        for each in (wall, busy)
    )
    return statistics.median(wall[1]), statistics.median(wall[2]), longer, costlier


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
    index.cp.min_points_per_centroid = 1  # or it warns on standard error
    return index


def main() -> None:
    """Prints both tables as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--dims", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--nprobe", type=int, nargs="+", default=[8, 32], help="lists that IVF looks into")
    parser.add_argument("--links", type=int, default=LINKS, help="of HNSW")
    parser.add_argument(
        "--ef-construction", type=int, nargs="+", default=[EF_CONSTRUCTION], help="of HNSW; each is built"
    )
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    faiss.omp_set_num_threads(1)
    print(f"faiss {faiss.__version__}, {chosen.queries} queries, medians of {ROUNDS} rounds\n", flush=True)
    print(
        f"| dim | n | kind | build, CPU s | ms a query | : Flat's | recall@{K} | bytes a vector |\n|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    of_threads = []
    for dim in chosen.dims:
        vectors, queries = Mixture(dim).draw(max(chosen.sizes), chosen.queries, chosen.seed)
        for size in sorted(chosen.sizes):
            kinds = contenders(vectors[:size], chosen.links, chosen.ef_construction, chosen.nprobe)
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
                    f"{kind.bytes_each:,.0f}",
                )
                print("|", " | ".join(map(str, cells)), "|", flush=True)
            of_threads.append((dim, size, threads(kinds[0], queries[: max(ROUNDS, chosen.queries // 2)])))
    print(
        "\n| dim | n | Flat, 1 thread, ms a query | 2 threads | 2 : 1, time | 2 : 1, CPU time |\n|---|---|---|---|---|---|"
    )
    for dim, size, (one, two, longer, costlier) in of_threads:
        print(f"| {dim} | {size:,} | {one:.2f} | {two:.2f} | {longer:.2f} | {costlier:.2f} |")


if __name__ == "__main__":
    main()
