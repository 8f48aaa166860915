"""The interface of all readers, and the helpers that they share."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from model.errors import UserError
from model.images.formats import is_picture

Split = Literal["train", "val", "test"]


class DataError(UserError):
    """The data cannot be used; the text says what was looked for, where, and what was found."""


@runtime_checkable
class Pairs(Protocol):
    """The pairs (x, y) of one split.

    Attributes:
        domains: names of X and Y.
        fingerprint: SHA-256 over the split's data (names and sizes of the files, or digits), the same on
            every machine.
        damaged: names of files that were left out because they cannot be read.
    """

    domains: tuple[str, str]
    fingerprint: str
    damaged: tuple[str, ...]

    def __len__(self) -> int: ...

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        """Return pair `index`, each picture [3, s, s] in [-1, 1].

        With `rng` the pair may be augmented, as training does; without, it is always the same.
        """
        ...


@runtime_checkable
class DevicePairs(Protocol):
    """The pairs of one split in a device's memory."""

    def batch(
        self, indices: Sequence[int], rngs: Sequence[np.random.Generator | None]
    ) -> tuple[Tensor, Tensor]:
        """Return pairs, [b, 3, s, s] each on the device, as `Pairs.pair` does with these random numbers."""
        ...


@runtime_checkable
class KeepsOnDevice(Protocol):
    """Pairs that a device's memory may hold."""

    @property
    def device_bytes(self) -> int:
        """Memory that the pairs need there."""
        ...

    def on_device(self, device: torch.device) -> DevicePairs | None:
        """Return the pairs on a device, or None if they are too many."""
        ...


@runtime_checkable
class LabelledPairs(Protocol):
    """Pairs of which several show the same thing, so that a search cannot tell them apart."""

    def label(self, index: int) -> int:
        """Return the number of what pair `index` shows in both domains."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """Pairs of a folder that has other pictures too.

    Attributes:
        left_out: sentences about pictures that were left out, besides those that cannot be read.
    """

    left_out: tuple[str, ...]


_COPIES: WeakKeyDictionary[Pairs, dict[torch.device, DevicePairs | None]] = WeakKeyDictionary()
"""The copies that `on_device` made, for as long as the pairs live."""


def on_device(pairs: Pairs, device: torch.device) -> DevicePairs | None:
    """Return the pairs on a CUDA device, where they are copied once.

    Returns:
        None on another device, or if the pairs would need more than a quarter of its free memory.
    """
    if device.type != "cuda" or not isinstance(pairs, KeepsOnDevice):
        return None
    copies = _COPIES.setdefault(pairs, {})
    if device not in copies:
        free, _ = torch.cuda.mem_get_info(device)
        copies[device] = pairs.on_device(device) if 4 * pairs.device_bytes <= free else None
    return copies[device]


def batch_of(
    pairs: Pairs,
    kept: DevicePairs | None,
    indices: Sequence[int],
    rng: np.random.Generator | None,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Return pairs, [b, 3, s, s] each on the device.

    Args:
        pairs: the pairs.
        kept: the same on the device, if they can be kept there (`on_device`).
        indices: the pairs' numbers.
        rng: decides the augmentation; None for none.
        device: where to return them.
    """
    if kept is not None:
        return kept.batch(indices, [rng] * len(indices))
    chunk = [pairs.pair(index, rng) for index in indices]
    x, y = (torch.stack(side).to(device) for side in zip(*chunk, strict=True))
    return x, y


def pair_batches(
    pairs: Pairs, device: torch.device, *, limit: int | None = None, batch: int = 64
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield pairs without augmentation, [b, 3, s, s] each on the device.

    Args:
        pairs: the pairs.
        device: where to yield them.
        limit: at most this many pairs, spread evenly; None yields all.
        batch: pairs at once.
    """
    indices = spread(pairs, limit)
    kept = on_device(pairs, device)
    for start in range(0, len(indices), batch):
        yield batch_of(pairs, kept, indices[start : start + batch], None, device)


def spread(pairs: Pairs, limit: int | None) -> list[int]:
    """Return the numbers of at most `limit` pairs, spread evenly; None takes all."""
    count = len(pairs) if limit is None else min(limit, len(pairs))
    numbers: list[int] = np.linspace(0, len(pairs) - 1, count).round().astype(int).tolist()
    return numbers


def labels_of(pairs: Pairs, limit: int | None) -> Tensor:
    """Return the label of each pair that `spread` chooses, [n]; without labels, each pair has its own."""
    chosen = spread(pairs, limit)
    return torch.tensor(
        [pairs.label(each) for each in chosen] if isinstance(pairs, LabelledPairs) else chosen
    )


def by_number(path: Path) -> list[tuple[int, int, str]]:
    """Return a sort key that puts 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", path.name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def pictures_in(folder: Path) -> list[Path]:
    """Return the picture files of a folder, sorted by name, numbers by value. Hidden files are left out."""
    return sorted(
        (path for path in folder.iterdir() if not path.name.startswith(".") and is_picture(path)),
        key=by_number,
    )


def describe_folder(folder: Path) -> str:
    """Describe the contents of a folder in a few words, for a DataError."""
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "it is a file"
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir())
    if not names:
        return "it is empty"
    return "it holds " + ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def fingerprint_of(parts: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of these lines, each followed by a newline."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\n")
    return digest.hexdigest()
