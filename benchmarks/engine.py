"""The engine's overhead over the bare model, and its gain over one thread call for each request.

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
from model.iiae_inference import IIAEInference
from model.presets import PRESETS
from service.inference.engine import Batch, Engine

BATCH = 32
ROUNDS = 5
CPU = torch.device("cpu")


@dataclasses.dataclass(frozen=True)
class ForwardPass:
    """A function of batches, and one item as its input."""

    name: str
    function: Callable[..., Tensor]
    item: tuple[Tensor, ...]


def forward_passes() -> list[ForwardPass]:
    """Return encoding and decoding for random models of two sizes."""
    passes = []
    for size, width in ((32, 0.125), (64, 0.5)):
        inference = IIAEInference(
            IIAE(dataclasses.replace(PRESETS["mnist-cdcb"], image_size=size, width=width)), None, CPU
        )
        pixels, z, zs = (
            torch.rand(1, 3, size, size),
            torch.rand(1, inference.exclusive_size),
            torch.rand(1, *inference.shared_shape),
        )
        passes.append(
            ForwardPass(
                f"encode {size}px width {width}", lambda x, model=inference: model.shared("x", x), (pixels,)
            )
        )
        passes.append(
            ForwardPass(
                f"decode {size}px width {width}",
                lambda z, zs, model=inference: model.decode("y", z, zs),
                (z, zs),
            )
        )
    return passes


def bare(forward_pass: ForwardPass, batch: int, seconds: float) -> float:
    """Return items per second of the model alone, in batches of `batch`."""
    inputs = [tensor.repeat(batch, *[1] * (tensor.dim() - 1)) for tensor in forward_pass.item]
    items, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        forward_pass.function(*inputs)
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


async def measure(
    forward_pass: ForwardPass, clients: int, seconds: float, wait_ms: float, threads: int
) -> dict[str, float]:
    """Return medians over the rounds: the bare loop in items per second, all other rates relative to it."""
    loop = asyncio.get_running_loop()
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(1, initializer=set_threads, initargs=(threads,)) as thread:
            thread.submit(bare, forward_pass, BATCH, 0.2).result()
            bare_by_batch = thread.submit(bare, forward_pass, BATCH, seconds).result()
            bare_by_1 = thread.submit(bare, forward_pass, 1, seconds / 2).result()
        batches: list[Batch] = []
        engine = Engine(
            queue_items=4 * clients,
            batch_items=BATCH,
            wait_ms=wait_ms,
            threads=threads,
            on_batch=batches.append,
        )
        await engine.start()
        by_engine = await concurrent(
            partial(engine.run, forward_pass.name, forward_pass.function, *forward_pass.item),
            clients,
            seconds,
        )
        mean_batch = statistics.mean(batch.items for batch in batches)
        one_client = await concurrent(
            partial(engine.run, forward_pass.name, forward_pass.function, *forward_pass.item), 1, seconds / 2
        )
        await engine.stop()
        with ThreadPoolExecutor(initializer=set_threads, initargs=(threads,)) as pool:
            thread_calls = await concurrent(
                partial(loop.run_in_executor, pool, forward_pass.function, *forward_pass.item),
                clients,
                seconds,
            )
        rounds.append(
            {
                "bare_by_batch": bare_by_batch,
                "bare_by_1": bare_by_1 / bare_by_batch,
                "engine": by_engine / bare_by_batch,
                "thread_calls": thread_calls / bare_by_batch,
                "engine_to_thread_calls": by_engine / thread_calls,
                "one_client": one_client / bare_by_1,
                "mean_batch": mean_batch,
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
    for column in ("forward pass", *columns):
        table.add_column(column, justify="left" if column == "forward pass" else "right")
    for forward_pass in forward_passes():
        medians = asyncio.run(
            measure(forward_pass, options.clients, options.seconds, options.wait_ms, options.threads)
        )
        table.add_row(
            forward_pass.name,
            f"{medians['bare_by_batch']:,.0f}",
            f"{medians['bare_by_1']:.2f}",
            f"{medians['engine']:.2f}",
            f"{medians['thread_calls']:.2f}",
            f"{medians['engine_to_thread_calls']:.2f}",
            f"{medians['mean_batch']:.1f}",
            f"{medians['one_client']:.2f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
