"""Scores which domain a picture looks like, from the batch-norm statistics of the two feature extractors.

A batch norm's running mean and variance describe the activations of its domain. The activations of one
picture have about this mean and variance if the picture is of this domain. The score needs no decoder.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

LAYERS = 3
"""Number of batch norms that the score uses. The fourth costs a third more and does not separate better."""
MIN_VARIANCE = 1e-3
"""Lower bound of a picture's variance, relative to the running variance. A flat picture has variance 0."""
MIN_DIVERGENCE = 1e-6
"""Lower bound of a divergence, for its logarithm."""


def domain_score(
    extractor_x: nn.Module, extractor_y: nn.Module, pixels: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """Return the mean over the layers of log(D_y / D_x): positive for X's pictures, negative for Y's.

    D_x and D_y are the `layer_divergences` of the pictures in the two extractors. Their ratio does not depend
    on the scale of a layer's divergences. This scale differs between layers and models.
    """
    ratios = layer_divergences(extractor_y, pixels) / layer_divergences(extractor_x, pixels)
    return ratios.log().mean(0)


def layer_divergences(extractor: nn.Module, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "layers b"]:
    """Return KL[N(m, v) || N(running mean, running variance)] of the first batch norms, a mean over channels.

    m and v are the mean and variance over height and width of one picture's inputs to the batch norm.

    Args:
        extractor: a sequence of convolutions, batch norms in evaluation mode, and activations.
    """
    divergences: list[Tensor] = []
    hidden = pixels
    for layer in extractor.children():
        if isinstance(layer, nn.BatchNorm2d):
            divergences.append(_divergence(layer, hidden))
        if len(divergences) == LAYERS:
            break
        hidden = layer(hidden)
    return torch.stack(divergences).clamp_min(MIN_DIVERGENCE)


def _divergence(norm: nn.BatchNorm2d, hidden: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = hidden.mean((2, 3))
    variance = (
        hidden.square().mean((2, 3)) - mean.square()
    )  # twice as fast as torch.var_mean in channels_last
    relative = (variance / norm.running_var).clamp_min(MIN_VARIANCE)
    distance = (mean - norm.running_mean).square() / norm.running_var
    return 0.5 * (relative - 1 - relative.log() + distance).mean(1)
