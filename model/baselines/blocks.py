"""Layers that the compared systems share: strided convolutions with normalisation.

pix2pix takes one picture at a time for Facades and Maps, so its batch norm is instance norm. BicycleGAN's
code has instance norm. We take it for both, with learned scales, so the result for a picture does not depend
on the other pictures of its batch.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

Norm = Callable[[int], nn.Module]
"""Makes the normalisation of a number of channels."""
INSTANCE_NORM: Norm = partial(nn.InstanceNorm2d, affine=True)
SLOPE = 0.2
"""Of LeakyReLU."""
FIRST, MOST = 64, 512
"""Channels of the first layer, and the most of any layer, before `width`."""


def channels(layer: int, width: float) -> int:
    """Return the channels of a layer, counted from 0: 64, 128, 256, then 512, each times `width`."""
    return max(4, round(min(MOST, FIRST << layer) * width))


def halvings(image_size: int) -> int:
    """Return how often a picture can be halved before its side is 1.

    Raises:
        ValueError: the side is not a power of two, or below 32.
    """
    layers = image_size.bit_length() - 1
    if 2**layers != image_size or image_size < 32:
        raise ValueError(f"image_size is {image_size}; it must be a power of two, at least 32")
    return layers


def down(inputs: int, outputs: int, *, stride: int = 2, norm: Norm | None = INSTANCE_NORM) -> nn.Sequential:
    """Return a 4x4 convolution, its norm and LeakyReLU; with stride 2 it halves the picture."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, stride, 1, bias=norm is None)]
    if norm is not None:
        layers.append(norm(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(SLOPE))


def up(inputs: int, outputs: int, *, dropout: float = 0.0, norm: Norm = INSTANCE_NORM) -> nn.Sequential:
    """Return a 4x4 deconvolution that doubles the picture, its norm, dropout and ReLU."""
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
        norm(outputs),
    ]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.ReLU())


def to_picture(inputs: int) -> nn.Sequential:
    """Return the last layer of a generator: a deconvolution to 3 channels in [-1, 1]."""
    return nn.Sequential(nn.ConvTranspose2d(inputs, 3, 4, 2, 1), nn.Tanh())
