"""The layers of D.1 and D.2; every builder takes a preset and gives one column of the appendix's tables."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.distributions import Gaussian, gaussian
from model.presets import Preset

SLOPE = 0.2
ENCODER = (32, 64, 128, 256)
DECODER = (512, 256, 128, 64)


def conv(inputs: int, outputs: int, *, bias: bool = False) -> nn.Conv2d:
    """4x4 convolution that halves the picture; without bias where batch norm follows."""
    return nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def deconv(inputs: int, outputs: int, *, bias: bool = False) -> nn.ConvTranspose2d:
    """4x4 deconvolution that doubles the picture; without bias where batch norm follows."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)


def conv_stack(preset: Preset) -> list[nn.Module]:
    """Layers 1-4 of D.1's encoder columns: [b, 3, s, s] to [b, 256 * width, s/16, s/16]."""
    widths = [3, *(preset.channels(printed) for printed in ENCODER)]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)]
    return layers


def fc_stack(sizes: list[int]) -> list[nn.Module]:
    """Encoder FC layers, each with batch norm and LeakyReLU: [b, sizes[0]] to [b, sizes[-1]]."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.LeakyReLU(SLOPE)]
    return layers


class DistributionEncoder(nn.Sequential):
    """A network whose last layer's outputs are the means and log-variances of a Gaussian."""

    def forward(self, inputs: Tensor) -> Gaussian:
        return gaussian(super().forward(inputs))


def exclusive_encoder(preset: Preset) -> DistributionEncoder:
    """q(zx|x) or q(zy|y): from a picture [b, 3, s, s] or a feature [b, feature_size]."""
    parameters = 2 * preset.zx_size
    if preset.network == "perceptron":
        return DistributionEncoder(*fc_stack([preset.feature_size, 512, 256]), nn.Linear(256, parameters))
    side = preset.image_size // 16
    flat = preset.channels(ENCODER[-1]) * side * side
    return DistributionEncoder(*conv_stack(preset), nn.Flatten(), _clear_channel(nn.Linear(flat, parameters)))


def _clear_channel(last: nn.Linear) -> nn.Linear:
    """Starts a distribution encoder's last layer with means that stand out of its noise: sigma = e^-2, the same for all.

    At 256x256 the layer's 65,536 inputs bring that by themselves. Smaller pictures begin below their noise: the
    decoder learns to do without zx, and zs takes up what is one domain's alone, which it lets go of slowly.
    """
    means, log_vars = last.weight.data.chunk(2), last.bias.data.chunk(2)
    nn.init.normal_(means[0], 0.0, 2 / last.in_features**0.5)
    nn.init.zeros_(means[1])
    nn.init.zeros_(log_vars[0])
    nn.init.constant_(log_vars[1], -4.0)
    return last


def feature_extractor(preset: Preset) -> nn.Module:
    """FE, shared by r(zs|.) and q(zs|x, y); with linear encoders of zs, standardisation of each domain."""
    if preset.network != "perceptron":
        return nn.Sequential(*conv_stack(preset))
    if preset.shared_encoder != "printed":
        return nn.BatchNorm1d(preset.feature_size, affine=False, momentum=0.01)
    return nn.Sequential(*fc_stack([preset.feature_size, 512]))


def shared_encoder(preset: Preset, *, extractors: int) -> DistributionEncoder:
    """r(zs|x) or r(zs|y) from one feature extractor's output, or q(zs|x, y) from two, side by side."""
    if preset.network == "perceptron":
        return _perceptron_shared_encoder(preset, extractors)
    inputs, outputs = extractors * preset.channels(ENCODER[-1]), preset.channels(256)
    if preset.network == "convolutional":
        return DistributionEncoder(conv(inputs, 2 * preset.channels(preset.zs_size), bias=True))
    flat = outputs * preset.zs_map_size**2
    first = [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE), nn.Flatten()]
    last = nn.Linear(outputs, 2 * preset.channels(preset.zs_size))
    return DistributionEncoder(*first, *fc_stack([flat, outputs]), last)


def _perceptron_shared_encoder(preset: Preset, extractors: int) -> DistributionEncoder:
    if preset.shared_encoder != "printed":
        return DistributionEncoder(nn.Linear(extractors * preset.feature_size, 2 * preset.zs_size))
    hidden = 256 if extractors == 1 else 512
    return DistributionEncoder(*fc_stack([extractors * 512, hidden]), nn.Linear(hidden, 2 * preset.zs_size))


class ConvolutionalDecoder(nn.Module):
    """p(x|zx, zs) of D.1; zx is tiled over the zs map, or with FC layers both are one vector."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        widths = [preset.channels(printed) for printed in DECODER]
        codes = preset.zx_size + preset.channels(preset.zs_size)
        self.fc = FcDecoderLayer(preset, codes) if preset.network == "convolutional_fc" else None
        layers: list[nn.Module] = []
        for layer, (inputs, outputs) in enumerate(
            zip([preset.fc_channels if self.fc else codes, *widths], widths, strict=False)
        ):
            layers += [deconv(inputs, outputs), nn.BatchNorm2d(outputs)]
            layers += [nn.Dropout(preset.dropout)] if layer < 2 else []  # the table's layers 2 and 3
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
    """Layer 1 of the Cars decoder: FC to a map of `fc_channels` at size/32, BN, dropout, ReLU."""

    def __init__(self, preset: Preset, codes: int) -> None:
        super().__init__()
        self.map = (preset.fc_channels, preset.zs_map_size, preset.zs_map_size)
        outputs = preset.fc_channels * preset.zs_map_size**2
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

    def __init__(self, preset: Preset) -> None:
        codes = preset.zx_size + preset.zs_size
        super().__init__(nn.Linear(codes, 128), nn.ReLU(), nn.Linear(128, preset.feature_size))

    def forward(self, z: Float[Tensor, "b zx"], zs: Float[Tensor, "b zs"]) -> Float[Tensor, "b feature"]:  # type: ignore[override]  # two codes, not one input
        inputs: Tensor = super().forward(torch.cat([z, zs], dim=1))
        return inputs


def decoder(preset: Preset) -> nn.Module:
    """p(x|zx, zs) or p(y|zy, zs)."""
    return PerceptronDecoder(preset) if preset.network == "perceptron" else ConvolutionalDecoder(preset)


def initialise(module: nn.Module) -> None:
    """Convolutions start at N(0, 0.02); `module.apply(initialise)`."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
