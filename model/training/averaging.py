"""Batch norm's statistics for averaged weights.

No training step ran with the averaged weights, so their statistics are computed from training pairs
(Izmailov et al., 2018).
"""

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from model.data.pairs import Pairs, batch_of, on_device
from model.iiae import IIAE, Decoding
from model.training.batches import step_generator

NORM_BATCHES = 24
"""Number of training batches over which the statistics are averaged."""


@torch.no_grad()
def estimate_statistics(iiae: IIAE, pairs: Pairs, seed: int, step: int, statistics_of: Decoding) -> None:
    """Replace the running statistics of all batch norms by those of training batches.

    Args:
        iiae: the networks with averaged weights; they end in training mode.
        pairs: the training pairs.
        seed, step: choose the pairs.
        statistics_of: the decoding that the decoders' statistics are computed from.
    """
    iiae.train()
    norms = [(module, module.momentum) for module in iiae.modules() if isinstance(module, _BatchNorm)]
    for norm, _ in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    rng = np.random.default_rng((seed, step))
    device = next(iiae.parameters()).device
    from_shared = statistics_of == "shared_code"
    kept = on_device(pairs, device)
    for indices in rng.integers(0, len(pairs), (NORM_BATCHES, iiae.preset.batch_size)).tolist():
        x, y = batch_of(pairs, kept, indices, rng, device)
        generator = step_generator(seed, step, device)
        iiae(x, y, generator, from_shared=from_shared, statistics_of=statistics_of)
    for norm, momentum in norms:
        norm.momentum = momentum
