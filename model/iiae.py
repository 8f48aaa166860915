"""The model: encoders of the shared code and of the exclusive codes, and a decoder for each domain."""

from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn

from model.distributions import Gaussian
from model.networks import (
    decoder,
    exclusive_encoder,
    feature_extractor,
    initialise,
    running_statistics,
    shared_encoder,
)
from model.presets import SIDES, Preset, Side, other

Decoding = Literal["both_codes", "shared_code"]
"""The input of a decoder: samples of both codes, or zs and the mean of the exclusive code's prior."""


class Pass(NamedTuple):
    """The outputs of one forward pass over a batch of pairs, from which the objectives are computed.

    `x_hat` and `y_hat` are decoded from samples of both codes. `x_bar` and `y_bar` are decoded from zs alone,
    with the exclusive code at its prior's mean (Eq. 22's p(x|zs)); they are None unless requested.
    """

    q_zx: Gaussian
    q_zy: Gaussian
    q_zs: Gaussian
    rx_zs: Gaussian
    ry_zs: Gaussian
    x_hat: Tensor
    y_hat: Tensor
    x_bar: Tensor | None = None
    y_bar: Tensor | None = None


class IIAE(nn.Module):
    """Interaction information auto-encoder (Hwang et al., NeurIPS 2020, Appendix D)."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.preset = preset
        self.q_z = nn.ModuleDict({side: exclusive_encoder(preset) for side in SIDES})
        self.fe = nn.ModuleDict({side: feature_extractor(preset) for side in SIDES})
        self.r_zs = nn.ModuleDict({side: shared_encoder(preset, extractors=1) for side in SIDES})
        self.q_zs = shared_encoder(preset, extractors=2)
        self.p = nn.ModuleDict({side: decoder(preset) for side in SIDES})
        self.apply(initialise)

    def exclusive(self, side: Side, inputs: Tensor) -> Gaussian:
        """Return q(zx|x) or q(zy|y)."""
        q_z: Gaussian = self.q_z[side](inputs)
        return q_z

    def shared(self, side: Side, inputs: Tensor) -> Gaussian:
        """Return r(zs|x) or r(zs|y), the shared code predicted from one domain."""
        r_zs: Gaussian = self.r_zs[side](self.fe[side](inputs))
        return r_zs

    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """Return the mean of p(x|zx, zs) or p(y|zy, zs); z has shape [b, zx_size], zs [b, *shared_shape]."""
        inputs: Tensor = self.p[side](z, zs)
        return inputs

    @property
    def style_size(self) -> int:
        """Dimensions of what a translation needs besides its input: an exclusive code of the target."""
        return self.preset.zx_size

    def translate(self, source: Side, inputs: Tensor, style: Tensor | None = None) -> Tensor:
        """Decode the other domain from the mean of r(zs|inputs) and an exclusive code.

        Args:
            source: the inputs' domain.
            inputs: [b, 3, s, s], or [b, feature_size] for D.2.
            style: [b, zx_size]; None for the mean of the prior.
        """
        if style is None:
            style = inputs.new_zeros(len(inputs), self.style_size)
        return self.decode(other(source), style, self.shared(source, inputs).mean)

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        generator: Generator | None = None,
        *,
        from_shared: bool = False,
        statistics_of: Decoding = "both_codes",
    ) -> Pass:
        """Run one pass over a batch of pairs.

        Args:
            x, y: the pairs, [b, 3, s, s] each, or [b, feature_size] for D.2.
            generator: random numbers for the samples of the codes; None uses torch's default generator.
            from_shared: whether to decode from zs alone too.
            statistics_of: which decoding sets the running statistics of the decoders' batch norms. Only one
                decoding may: a mixture of two fits neither at test time.
        """
        features_x, features_y = self.fe["x"](x), self.fe["y"](y)
        q_zx, q_zy = self.exclusive("x", x), self.exclusive("y", y)
        q_zs: Gaussian = self.q_zs(torch.cat([features_x, features_y], dim=1))
        zx, zy, zs = q_zx.sample(generator), q_zy.sample(generator), q_zs.sample(generator)
        with running_statistics(self.p, updated=statistics_of == "both_codes"):
            x_hat, y_hat = self.decode("x", zx, zs), self.decode("y", zy, zs)
        x_bar, y_bar = None, None
        if from_shared:
            with running_statistics(self.p, updated=statistics_of == "shared_code"):
                x_bar = self.decode("x", torch.zeros_like(zx), zs)
                y_bar = self.decode("y", torch.zeros_like(zy), zs)
        return Pass(
            q_zx=q_zx,
            q_zy=q_zy,
            q_zs=q_zs,
            rx_zs=self.r_zs["x"](features_x),
            ry_zs=self.r_zs["y"](features_y),
            x_hat=x_hat,
            y_hat=y_hat,
            x_bar=x_bar,
            y_bar=y_bar,
        )
