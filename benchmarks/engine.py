"""The engine's overhead and gain, beside the bare model and beside one thread call for each request.

    python -m benchmarks.engine [--clients 64] [--threads N] [--seconds 1.0]

Everything runs in one process, round by round, so a busy machine slows all cases alike; compare the ratios.
Each case has its own threads, which end with it. Otherwise OpenMP helpers of one case would slow the others
(benchmarks/forward_threads.py). Each request is one picture, and a client sends the next after each answer.
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
    """A function of batches, and one item as its input."""

    name: str
    function: Callable[..., Tensor]
    item: tuple[Tensor, ...]


def works() -> list[Work]:
    """Return encoding and decoding for random models of two sizes."""
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
    """Return items per second of the model alone, in batches of `batch`."""
    inputs = [tensor.repeat(batch, *[1] * (tensor.dim() - 1)) for tensor in work.item]
    items, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        work.function(*inputs)
        items += batch
    return items / elapsed


async def concurrent(ask: Callable[[], Awaitable[Tensor]], clients: int, seconds: float) -> float:
    """Return requests per second of clients that send the next request after each answer."""
    answers, started = 0, time.perf_counter()

    async def client() -> None:
        nonlocal answers
        while time.perf_counter() - started < seconds:
            await ask()
            answers += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers / (time.perf_counter() - started)


def set_threads(threads: int) -> None:
    """Set the number of CPU threads for the calling thread, which must be new."""
    torch.set_num_threads(threads)
    torch.get_num_threads()


async def measure(work: Work, clients: int, seconds: float, wait_ms: float, threads: int) -> dict[str, float]:
    """Return medians over the rounds: the bare loop in items per second, all other rates relative to it."""
    loop = asyncio.get_running_loop()
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(1, initializer=set_threads, initargs=(threads,)) as thread:
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
        with ThreadPoolExecutor(initializer=set_threads, initargs=(threads,)) as pool:
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
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of one forward pass")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--wait-ms", type=float, default=2.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(
        title=f"{options.clients} clients, batches of up to {BATCH}, {options.threads} threads, "
        f"medians of {ROUNDS} rounds"
    )
    columns = (
        f"bare loop, batches of {BATCH} (items/s)",
        "bare loop, batches of 1",
        "engine",
        "one thread call each",
        "engine : thread calls",
        "mean batch",
        "1 client : bare loop of 1",
    )
    for column in ("work", *columns):
        table.add_column(column, justify="left" if column == "work" else "right")
    for work in works():
        found = asyncio.run(measure(work, options.clients, options.seconds, options.wait_ms, options.threads))
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
