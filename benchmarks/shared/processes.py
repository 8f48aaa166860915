"""Measure several checkpoints, in as many processes as the machine has cores for."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

Jobs = Annotated[int, typer.Option(min=1, help="Checkpoints measured at the same time.")]


def measure_each(
    measure: Callable[[str], NDArray[np.float64]], names: Sequence[str], jobs: int
) -> NDArray[np.float64]:
    """Return the figures of each name, [names, ...].

    Args:
        measure: returns the figures of one name. With several jobs it must be picklable.
        names: names of checkpoints.
        jobs: processes, which share the machine's cores.
    """
    if jobs == 1:
        return np.stack([measure(name) for name in names])
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=partial(torch.set_num_threads, threads)
    ) as pool:
        return np.stack(list(pool.map(measure, names)))
