"""What the engine costs and gains: against the bare model loop, the limit, and one thread call a request, the naive way.

    python -m benchmarks.engine [--clients 64] [--threads N] [--seconds 1.0]

Everything runs in one process, in turns, round by round, so that a busy machine slows all alike: read the ratios. Each has
threads of its own, which end with it: OpenMP's helpers of one would slow the others (benchmarks/forward_threads.py).
Clients wait for their answer before they ask again; each request is one picture.
"""

import argparse
import asyncio
import dataclasses
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from model.iiae import IIAE
from model.inference import Inference
from model.presets import PRESETS
from service.inference.engine import Batch, Engine

BATCH = 32
ROUNDS = 5
CPU = torch.device("cpu")


@dataclasses.dataclass(frozen=True)
class Work:
    """A function of batches and one item for it."""

    name: str
    function: Callable[..., Tensor]
    item: tuple[Tensor, ...]


def works() -> list[Work]:
    """Encoding and decoding by freshly initialised models of two sizes."""
    found = []
    for size, width in ((32, 0.125), (64, 0.5)):
        inference = Inference(
            IIAE(dataclasses.replace(PRESETS["mnist-cdcb"], image_size=size, width=width)), None, CPU
        )
        pixels, z, zs = (
            torch.rand(1, 3, size, size),
            torch.rand(1, inference.exclusive_size),
            torch.rand(1, *inference.shared_shape),
        )
        found.append(
            Work(f"encode {size}px width {width}", lambda x, model=inference: model.shared("x", x), (pixels,))
        )
        found.append(
            Work(
                f"decode {size}px width {width}",
                lambda z, zs, model=inference: model.decode("y", z, zs),
                (z, zs),
            )
        )
    return found


def bare(work: Work, batch: int, seconds: float) -> float:
    """Items a second of the model alone, `batch` at a time."""
    inputs = [tensor.repeat(batch, *[1] * (tensor.dim() - 1)) for tensor in work.item]
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        work.function(*inputs)
        done += batch
    return done / spent


async def concurrent(ask: Callable[[], Awaitable[Tensor]], clients: int, seconds: float) -> float:
    """Requests a second of `clients` that ask again as soon as they are answered."""
    done, started = 0, time.perf_counter()

    async def client() -> None:
        nonlocal done
        while time.perf_counter() - started < seconds:
            await ask()
            done += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (time.perf_counter() - started)


def in_parallel(threads: int) -> None:
    """Has this thread, a new one, compute by so many."""
    torch.set_num_threads(threads)
    torch.get_num_threads()


async def measure(work: Work, clients: int, seconds: float, wait_ms: float, threads: int) -> dict[str, float]:
    """Medians over the rounds: the bare loop in items a second, everything else relative to it, round by round."""
    loop = asyncio.get_running_loop()
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(1, initializer=in_parallel, initargs=(threads,)) as thread:
            thread.submit(bare, work, BATCH, 0.2).result()
            limit = thread.submit(bare, work, BATCH, seconds).result()
            one = thread.submit(bare, work, 1, seconds / 2).result()
        batches: list[Batch] = []
        engine = Engine(
            queue_items=4 * clients,
            batch_items=BATCH,
            wait_ms=wait_ms,
            threads=threads,
            on_batch=batches.append,
        )
        await engine.start()
        many = await concurrent(partial(engine.run, work.name, work.function, *work.item), clients, seconds)
        size = statistics.mean(batch.items for batch in batches)
        alone = await concurrent(partial(engine.run, work.name, work.function, *work.item), 1, seconds / 2)
        await engine.stop()
        with ThreadPoolExecutor(initializer=in_parallel, initargs=(threads,)) as pool:
            naive = await concurrent(
                partial(loop.run_in_executor, pool, work.function, *work.item), clients, seconds
            )
        rounds.append(
            {
                "limit": limit,
                "one": one / limit,
                "engine": many / limit,
                "naive": naive / limit,
                "gain": many / naive,
                "alone": alone / one,
                "batch": size,
            }
        )
    return {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of one forward pass")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--wait-ms", type=float, default=2.0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(
        title=f"{chosen.clients} clients, batches of up to {BATCH}, {chosen.threads} threads; medians of {ROUNDS} rounds"
    )
    columns = (
        f"bare loop, by {BATCH} (items/s)",
        "bare loop, by 1",
        "engine",
        "a thread call each",
        "engine : thread calls",
        "mean batch",
        "1 client : bare by 1",
    )
    for column in ("work", *columns):
        table.add_column(column, justify="left" if column == "work" else "right")
    for work in works():
        found = asyncio.run(measure(work, chosen.clients, chosen.seconds, chosen.wait_ms, chosen.threads))
        table.add_row(
            work.name,
            f"{found['limit']:,.0f}",
            f"{found['one']:.2f}",
            f"{found['engine']:.2f}",
            f"{found['naive']:.2f}",
            f"{found['gain']:.2f}",
            f"{found['batch']:.1f}",
            f"{found['alone']:.2f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
