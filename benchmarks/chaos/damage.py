"""Ways to damage a file."""

import os
import random
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path, random.Random], None]


def flip(path: Path, rng: random.Random) -> None:
    """Flip some bits of one kilobyte."""
    data = bytearray(path.read_bytes())
    start = rng.randrange(len(data))
    for position in range(start, min(start + 1024, len(data)), 37):
        data[position] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(path: Path, rng: random.Random) -> None:
    """Cut the file off somewhere."""
    os.truncate(path, rng.randrange(path.stat().st_size))


def become_fifo(path: Path, rng: random.Random) -> None:
    """Replace the file by a FIFO, which blocks its readers."""
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Damage] = {"bits flipped": flip, "truncated": truncate, "a FIFO": become_fifo}
"""FIFOs come last: a service that hangs on one cannot answer about the others."""
