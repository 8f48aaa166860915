"""What every reader gives: pairs of pictures, the name of the data, and what was wrong with it."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from model.errors import UserError

Split = Literal["train", "val", "test"]
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"})


class DataError(UserError):
    """The data cannot be used; one sentence: what was looked for, where, and what was found."""


@runtime_checkable
class Pairs(Protocol):
    """Pairs (x, y) of one split.

    Attributes:
        domains: names of X and Y.
        fingerprint: SHA-256 over what the pairs are made of, the same on every machine.
        damaged: files that were left out because they cannot be read.
    """

    domains: tuple[str, str]
    fingerprint: str
    damaged: tuple[str, ...]

    def __len__(self) -> int: ...

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        """Pair `index`, each [3, s, s] in [-1, 1]. With `rng`, as drawn for training; without, always the same."""
        ...


def by_number(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that puts 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", path.name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, numeric names by number."""
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in PICTURES), key=by_number)


def found_in(folder: Path) -> str:
    """What a folder holds, in a few words, for a DataError."""
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "it is a file"
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir())
    if not names:
        return "it is empty"
    return "it holds " + ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def fingerprint_of(parts: Iterable[str]) -> str:
    """SHA-256, in hex, of lines."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\n")
    return digest.hexdigest()
