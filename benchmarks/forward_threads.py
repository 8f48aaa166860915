"""A forward pass while another thread has idle OpenMP helpers: why only one thread may have helpers.

    python -m benchmarks.forward_threads

The shipped sketch model embeds one sketch at a time, in a thread of its own. See
`service.inference.device.configure_threads`.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from model import checkpoint
from model.allocator import keep_memory
from model.inference import Inference

PASSES = 15


def in_thread(threads: int, work: Inference) -> list[float]:
    """Return the seconds of each pass in a new thread. Its helpers end with it."""
    times: list[float] = []

    def run() -> None:
        torch.set_num_threads(threads)
        pixels = torch.rand(1, 3, work.preset.image_size, work.preset.image_size)
        work.shared("y", pixels)
        for _ in range(PASSES):
            started = perf_counter()
            work.shared("y", pixels)
            times.append(perf_counter() - started)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return times


@contextmanager
def idle_helpers(threads: int) -> Iterator[None]:
    """Run another thread that has computed in parallel once and then waits."""
    ready, done = Event(), Event()

    def run() -> None:
        torch.set_num_threads(threads)
        torch.ones(4_000_000).exp()
        ready.set()
        done.wait()

    thread = Thread(target=run)
    thread.start()
    ready.wait()
    yield
    done.set()
    thread.join()


def main(rounds: Annotated[int, typer.Option(min=1)] = 4) -> None:
    """Print the table."""
    keep_memory()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    work = checkpoint.load(
        next(folder for folder in checkpoint.released() if folder.name == "sketchy"), torch.device("cpu")
    )
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        times.setdefault(f"{threads} threads, alone", []).extend(in_thread(threads, work))
        with idle_helpers(threads):
            times.setdefault(f"{threads} threads, while another thread has idle helpers", []).extend(
                in_thread(threads, work)
            )
        times.setdefault("1 thread", []).extend(in_thread(1, work))
    alone = statistics.median(next(iter(times.values())))
    table = Table("a sketch's forward pass", "ms", ": alone")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        table.add_row(name, f"{1000 * median:.1f}", f"{median / alone:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
