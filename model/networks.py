"""The networks of the appendix, D.1 for pictures and D.2 for features.

Each builder takes a preset and returns the layers of one column of the appendix's tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from model.distributions import Gaussian, gaussian
from model.presets import Preset, SketchInput

SLOPE = 0.2
ENCODER = (32, 64, 128, 256)
DECODER = (512, 256, 128, 64)


def conv(inputs: int, outputs: int, *, bias: bool = False) -> nn.Conv2d:
    """Return a 4x4 convolution that halves the picture; leave the bias out before batch norm."""
    return nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def deconv(inputs: int, outputs: int, *, bias: bool = False) -> nn.ConvTranspose2d:
    """Return a 4x4 deconvolution that doubles the picture; leave the bias out before batch norm."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def conv_stack(preset: Preset) -> list[nn.Module]:
    """Return layers 1-4 of D.1's encoder columns: [b, 3, s, s] to [b, 256 * width, s/16, s/16]."""
    widths = [3, *(preset.channels(printed) for printed in ENCODER)]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)]
    return layers


def fc_stack(sizes: list[int]) -> list[nn.Module]:
    """Return encoder FC layers, each with batch norm and LeakyReLU: [b, sizes[0]] to [b, sizes[-1]]."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.LeakyReLU(SLOPE)]
    return layers


class DistributionEncoder(nn.Sequential):
    """A network whose last layer gives the means and log-variances of a Gaussian."""

    def forward(self, inputs: Tensor) -> Gaussian:
        return gaussian(super().forward(inputs))


def exclusive_encoder(preset: Preset) -> DistributionEncoder:
    """Return q(zx|x) or q(zy|y), from a picture [b, 3, s, s] or a feature [b, feature_size]."""
    parameters = 2 * preset.zx_size
    if preset.sketch is not None:
        hidden = fc_stack([preset.sketch.feature_size, 512, 256])
        return DistributionEncoder(*hidden, nn.Linear(256, parameters))
    side = preset.image_size // 16
    flat = preset.channels(ENCODER[-1]) * side * side
    return DistributionEncoder(*conv_stack(preset), nn.Flatten(), nn.Linear(flat, parameters))


def feature_extractor(preset: Preset) -> nn.Module:
    """Return one domain's FE, whose output feeds r(zs|.) and q(zs|x, y).

    It is layers 1-4 of D.1, or an FC layer to [b, 512] for D.2. With `linear_each` encoders it only
    standardises the features, [b, feature_size].
    """
    if preset.sketch is None:
        return nn.Sequential(*conv_stack(preset))
    if preset.sketch.encoders == "linear_each":
        return nn.BatchNorm1d(preset.sketch.feature_size, affine=False, momentum=0.01)
    return nn.Sequential(*fc_stack([preset.sketch.feature_size, 512]))


def shared_encoder(preset: Preset, *, extractors: int) -> DistributionEncoder:
    """Return an encoder of zs, from the concatenated outputs of the feature extractors.

    Args:
        preset: the model's preset.
        extractors: 1 for r(zs|x) or r(zs|y), 2 for q(zs|x, y).
    """
    if preset.sketch is not None:
        return _sketch_shared_encoder(preset.sketch, preset.zs_size, extractors)
    inputs, outputs = extractors * preset.channels(ENCODER[-1]), preset.channels(256)
    parameters = 2 * preset.channels(preset.zs_size)
    if not preset.fully_connected:
        return DistributionEncoder(conv(inputs, parameters, bias=True))
    flat = outputs * preset.zs_map_size**2
    first = [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE), nn.Flatten()]
    return DistributionEncoder(*first, *fc_stack([flat, outputs]), nn.Linear(outputs, parameters))


def _sketch_shared_encoder(sketch: SketchInput, zs_size: int, extractors: int) -> DistributionEncoder:
    if sketch.encoders == "linear_each":
        return DistributionEncoder(nn.Linear(extractors * sketch.feature_size, 2 * zs_size))
    hidden = 256 if extractors == 1 else 512
    return DistributionEncoder(*fc_stack([extractors * 512, hidden]), nn.Linear(hidden, 2 * zs_size))


class ConvolutionalDecoder(nn.Module):
    """p(x|zx, zs) of D.1. zx is tiled over the zs map; with FC layers both codes are one vector."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        widths = [preset.channels(printed) for printed in DECODER]
        codes = preset.zx_size + preset.channels(preset.zs_size)
        self.fc = FcDecoderLayer(preset, codes) if preset.fully_connected else None
        first = preset.channels(preset.fc_channels) if self.fc else codes
        layers: list[nn.Module] = []
        for layer, (inputs, outputs) in enumerate(pairwise([first, *widths])):
            layers += [deconv(inputs, outputs), nn.BatchNorm2d(outputs)]
            layers += [nn.Dropout(preset.dropout)] if layer < 2 else []  # layers 2 and 3 of the table
            layers += [nn.ReLU()]
        self.deconvs = nn.Sequential(*layers, deconv(widths[-1], 3, bias=True), nn.Tanh())

    def forward(self, z: Float[Tensor, "b zx"], zs: Float[Tensor, "b c *rest"]) -> Float[Tensor, "b 3 s s"]:
        if self.fc is not None:
            hidden: Tensor = self.fc(torch.cat([z, zs], dim=1))
        else:
            tiled = z[:, :, None, None].expand(-1, -1, zs.shape[2], zs.shape[3])
            hidden = torch.cat([tiled, zs], dim=1)
        pixels: Tensor = self.deconvs(hidden)
        return pixels


class FcDecoderLayer(nn.Module):
    """Layer 1 of the Cars decoder: FC to a size/32 map of `fc_channels` * `width`, BN, dropout, ReLU."""

    def __init__(self, preset: Preset, codes: int) -> None:
        super().__init__()
        self.map = (preset.channels(preset.fc_channels), preset.zs_map_size, preset.zs_map_size)
        outputs = self.map[0] * preset.zs_map_size**2
        self.layers = nn.Sequential(
            nn.Linear(codes, outputs, bias=False),
            nn.BatchNorm1d(outputs),
            nn.Dropout(preset.dropout),
            nn.ReLU(),
        )

    def forward(self, codes: Float[Tensor, "b codes"]) -> Float[Tensor, "b c h w"]:
        flat: Tensor = self.layers(codes)
        unflattened: Tensor = flat.unflatten(1, self.map)
        return unflattened


class PerceptronDecoder(nn.Sequential):
    """p(x|zx, zs) of D.2: two FC layers back to the feature."""

    def __init__(self, codes: int, feature_size: int) -> None:
        super().__init__(nn.Linear(codes, 128), nn.ReLU(), nn.Linear(128, feature_size))

    def forward(  # type: ignore[override]  # two codes, not one input
        self, z: Float[Tensor, "b zx"], zs: Float[Tensor, "b zs"]
    ) -> Float[Tensor, "b feature"]:
        inputs: Tensor = super().forward(torch.cat([z, zs], dim=1))
        return inputs


def decoder(preset: Preset) -> nn.Module:
    """Return p(x|zx, zs) or p(y|zy, zs), to pictures [b, 3, s, s] or features [b, feature_size]."""
    if preset.sketch is None:
        return ConvolutionalDecoder(preset)
    return PerceptronDecoder(preset.zx_size + preset.zs_size, preset.sketch.feature_size)


def initialise(module: nn.Module) -> None:
    """Set a convolution's weights to Gaussian noise of standard deviation 0.02, and its bias to zero.

    Call it as `module.apply(initialise)`. Weights on the meta device have no values and are skipped: torch
    would import its compiler to initialise them, and that takes seconds and packages that only training has.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not module.weight.is_meta:
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@contextmanager
def running_statistics(module: nn.Module, *, updated: bool) -> Iterator[None]:
    """Let batch norms update their running statistics only if `updated`; batches are normalised anyway."""
    norms = [norm for norm in module.modules() if isinstance(norm, _BatchNorm)]
    for norm in norms:
        norm.track_running_stats = updated
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
