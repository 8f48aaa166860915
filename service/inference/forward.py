"""One forward pass over several callers' items, in which one bad item hurts nobody but its caller."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from service.inference.queue import Piece

Outcome: TypeAlias = Tensor | BaseException


def forward(pieces: Sequence[Piece], device: torch.device) -> list[Outcome]:
    """What each piece's function gives for its inputs, or raises, in the order of `pieces`.

    All are computed as one batch by the first one's function; if that fails, each alone.
    Results are on the CPU, detached, and share no memory.
    """
    try:
        return list(_together(pieces, device))
    except (
        BaseException
    ) as error:  # also SystemExit and the like: a caller waits for an answer, whatever it is
        if len(pieces) == 1:
            return [error]
    return [outcome for piece in pieces for outcome in forward([piece], device)]


def _together(pieces: Sequence[Piece], device: torch.device) -> list[Tensor]:
    with torch.inference_mode():
        batch = [_batch(axis, device) for axis in zip(*(piece.inputs for piece in pieces), strict=True)]
        result = pieces[0].request.function(*batch)
    items = sum(piece.items for piece in pieces)
    if result.shape[:1] != (items,):
        raise RuntimeError(f"a forward pass over {items} items gave a result of shape {tuple(result.shape)}")
    # Outside inference mode, so that callers get ordinary tensors; cloned, so that none keeps the batch alive.
    return [
        part.clone() for part in result.detach().cpu().split_with_sizes([piece.items for piece in pieces])
    ]


def _batch(parts: Sequence[Tensor], device: torch.device) -> Tensor:
    together = parts[0] if len(parts) == 1 else torch.cat(tuple(parts))
    return together.to(device, non_blocking=True)
