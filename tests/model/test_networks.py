"""Every layer of D.1 and D.2 against the appendix's tables."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from model.iiae import IIAE
from model.networks import decoder, exclusive_encoder, feature_extractor, shared_encoder
from model.presets import PRESETS

# (kind, inputs, outputs) of the layers with weights, in the tables' order
CONVS = [("conv", 3, 32), ("conv", 32, 64), ("conv", 64, 128), ("conv", 128, 256)]
DECONVS = [("deconv", 512, 256), ("deconv", 256, 128), ("deconv", 128, 64), ("deconv", 64, 3)]
D1 = {
    "exclusive": [*CONVS, ("fc", 16 * 16 * 256, 16)],
    "features": CONVS,
    "r": [("conv", 256, 256)],
    "q": [("conv", 512, 256)],
    "decoder": [("deconv", 136, 512), *DECONVS],
}
CARS = D1 | {
    "r": [("conv", 256, 256), ("fc", 8 * 8 * 256, 256), ("fc", 256, 256)],
    "q": [("conv", 512, 256), ("fc", 8 * 8 * 256, 256), ("fc", 256, 256)],
    "decoder": [("fc", 136, 262_144), ("deconv", 4096, 512), *DECONVS],
}
D2 = {
    "exclusive": [("fc", 512, 512), ("fc", 512, 256), ("fc", 256, 128)],
    "features": [("fc", 512, 512)],
    "r": [("fc", 512, 256), ("fc", 256, 128)],
    "q": [("fc", 1024, 512), ("fc", 512, 128)],
    "decoder": [("fc", 128, 128), ("fc", 128, 512)],
}
TABLES = {"mnist-cdcb": D1, "facades": D1, "maps": D1, "cars": CARS, "sketchy-printed": D2}
KINDS = {nn.Conv2d: "conv", nn.ConvTranspose2d: "deconv", nn.Linear: "fc"}


def columns(preset):
    return {
        "exclusive": exclusive_encoder(preset),
        "features": feature_extractor(preset),
        "r": shared_encoder(preset, extractors=1),
        "q": shared_encoder(preset, extractors=2),
        "decoder": decoder(preset),
    }


def layers(module):
    return [(KINDS[type(m)], *shape(m)) for m in module.modules() if type(m) in KINDS]


def shape(m):
    return (m.in_features, m.out_features) if isinstance(m, nn.Linear) else (m.in_channels, m.out_channels)


@pytest.mark.parametrize("name", TABLES)
def test_layers_match_the_tables(name):
    with torch.device("meta"):
        built = columns(PRESETS[name])
    assert {column: layers(module) for column, module in built.items()} == TABLES[name]


@pytest.mark.parametrize("name", TABLES)
def test_parameter_counts_follow_from_the_tables(name):
    """Printed sizes: 4x4 kernels, two batch-norm parameters per channel, and biases where no norm follows."""
    with torch.device("meta"):
        built = columns(PRESETS[name])
    for column, module in built.items():
        table = TABLES[name][column]
        weights = sum(i * o * (1 if kind == "fc" else 16) for kind, i, o in table)
        last_has_no_norm = column != "features"
        normed = table[:-1] if last_has_no_norm else table
        norms = sum(2 * o for _, _, o in normed)
        biases = table[-1][2] if last_has_no_norm else 0
        if name == "sketchy-printed" and column == "decoder":
            norms, biases = 0, sum(o for _, _, o in table)
        assert sum(p.numel() for p in module.parameters()) == weights + norms + biases, column


@pytest.mark.parametrize("name", TABLES)
def test_kernels_strides_slopes_and_momenta_match_the_paper(name):
    with torch.device("meta"):
        built = columns(PRESETS[name])
    for module in built.values():
        for m in module.modules():
            if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
                assert (m.kernel_size, m.stride, m.padding) == ((4, 4), (2, 2), (1, 1))
            if isinstance(m, nn.LeakyReLU):
                assert m.negative_slope == 0.2
            if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d):
                assert (m.momentum, m.eps) == (0.1, 1e-5)


@pytest.mark.parametrize(("name", "dropouts"), [("facades", 2), ("cars", 3), ("sketchy", 0)])
def test_dropout_follows_the_decoders_first_layers(name, dropouts):
    with torch.device("meta"):
        built = decoder(PRESETS[name])
    assert [m.p for m in built.modules() if isinstance(m, nn.Dropout)] == [0.5] * dropouts


@pytest.mark.parametrize(("size", "width"), [(32, 0.125), (64, 0.25), (96, 0.5)])
@pytest.mark.parametrize("fully_connected", [False, True])
def test_shapes_follow_image_size_and_width(size, width, fully_connected):
    preset = replace(PRESETS["facades"], image_size=size, width=width, fully_connected=fully_connected)
    iiae = IIAE(preset)
    x, y = torch.rand(2, 2, 3, size, size).unbind()
    out = iiae(x, y, from_shared=True)
    assert out.x_hat.shape == out.y_bar.shape == x.shape
    assert out.q_zs.mean.shape[1:] == out.rx_zs.mean.shape[1:] == preset.shared_shape
    assert out.q_zx.mean.shape == (2, 8)


@pytest.mark.parametrize("width", [1.0, 0.5, 0.25])
def test_width_scales_every_channel_count(width):
    """This includes the map of the Cars decoder's FC layer; pictures and exclusive codes keep their sizes."""
    with torch.device("meta"):
        built = columns(replace(PRESETS["cars"], width=width))

    def scaled(count):
        return count if count in {3, 16} else 8 + round(128 * width) if count == 136 else round(count * width)

    for column, module in built.items():
        expected = [(kind, scaled(i), scaled(o)) for kind, i, o in CARS[column]]
        assert layers(module) == expected, column


def test_convolutions_start_at_the_papers_spread():
    weight = IIAE(replace(PRESETS["facades"], image_size=32)).q_zs[0].weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert weight.mean().item() == pytest.approx(0.0, abs=1e-4)
