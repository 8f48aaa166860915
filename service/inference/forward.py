"""One forward pass over the items of several requests. An item that fails affects only its own request."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from service.inference.queue import RequestSlice
from service.tracebacks import clear_locals

Outcome: TypeAlias = Tensor | BaseException


def forward(slices: Sequence[RequestSlice], device: torch.device) -> list[Outcome]:
    """Compute all slices as one batch, with the first slice's function.

    If the batch fails, each slice is computed alone, with its own function.

    Returns:
        A result or an exception for each slice, in order. Results are on the CPU, detached, and share no
        memory.
    """
    try:
        return list(_run_batch(slices, device))
    except BaseException as error:  # SystemExit too: the caller waits for an answer
        clear_locals(error)  # its frames hold the batch
        if len(slices) == 1:
            return [error]
    return [outcome for single in slices for outcome in forward([single], device)]


def _run_batch(slices: Sequence[RequestSlice], device: torch.device) -> list[Tensor]:
    with torch.inference_mode():
        inputs = [_concatenate(tensors, device) for tensors in zip(*(s.inputs for s in slices), strict=True)]
        result = slices[0].request.function(*inputs)
    items = sum(s.items for s in slices)
    if result.shape[:1] != (items,):
        raise RuntimeError(f"a forward pass over {items} items gave a result of shape {tuple(result.shape)}")
    # Outside inference mode, callers get ordinary tensors. The clones let the batch be freed.
    return [part.clone() for part in result.detach().cpu().split_with_sizes([s.items for s in slices])]


def _concatenate(tensors: Sequence[Tensor], device: torch.device) -> Tensor:
    batch = tensors[0] if len(tensors) == 1 else torch.cat(tuple(tensors))
    return batch.to(device, non_blocking=True)
