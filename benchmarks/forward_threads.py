"""A forward pass in a thread of its own, alone and while another thread has idle OpenMP helpers: why only one thread computes in parallel.

    python -m benchmarks.forward_threads

The shipped sketch model, one sketch at a time, the cases in turns. See `service.inference.device.configure_threads`.
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
    """Seconds of passes in a new thread, which takes its helpers with it when it ends."""
    took: list[float] = []

    def run() -> None:
        torch.set_num_threads(threads)
        pixels = torch.rand(1, 3, work.preset.image_size, work.preset.image_size)
        work.shared("y", pixels)
        for _ in range(PASSES):
            began = perf_counter()
            work.shared("y", pixels)
            took.append(perf_counter() - began)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return took


@contextmanager
def idle_helpers(threads: int) -> Iterator[None]:
    """Another thread that has computed in parallel once, and waits."""
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
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        took.setdefault(f"{threads} threads, alone", []).extend(in_thread(threads, work))
        with idle_helpers(threads):
            took.setdefault(f"{threads} threads, beside another thread's idle helpers", []).extend(
                in_thread(threads, work)
            )
        took.setdefault("1 thread", []).extend(in_thread(1, work))
    best = statistics.median(next(iter(took.values())))
    table = Table("a sketch's forward pass", "ms", ": alone")
    for name, times in took.items():
        middle = statistics.median(times)
        table.add_row(name, f"{1000 * middle:.1f}", f"{middle / best:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
