"""The model: encoders of what two domains share and of what each has alone, and their decoders."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from model.distributions import Gaussian
from model.networks import decoder, exclusive_encoder, feature_extractor, initialise, shared_encoder
from model.presets import SIDES, Preset, Side


class Pass(NamedTuple):
    """All that one batch of pairs gives; the objectives are made of these.

    `x_hat` and `y_hat` are decoded from samples of both codes. `x_bar` and `y_bar` are decoded from zs
    alone, the exclusive code at its prior's mean (Eq. 22's p(x|zs)); None unless asked for.
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
        if preset.shared_encoder == "linear":
            self.r_zs["y"] = self.r_zs["x"]
        self.q_zs = shared_encoder(preset, extractors=2)
        self.p = nn.ModuleDict({side: decoder(preset) for side in SIDES})
        self.apply(initialise)

    def exclusive(self, side: Side, inputs: Tensor) -> Gaussian:
        """q(zx|x) or q(zy|y)."""
        q_z: Gaussian = self.q_z[side](inputs)
        return q_z

    def shared(self, side: Side, inputs: Tensor) -> Gaussian:
        """r(zs|x) or r(zs|y): what one domain alone tells of zs."""
        r_zs: Gaussian = self.r_zs[side](self.fe[side](inputs))
        return r_zs

    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """The mean of p(x|zx, zs) or p(y|zy, zs); z of shape [b, zx_size], zs of [b, *shared_shape]."""
        inputs: Tensor = self.p[side](z, zs)
        return inputs

    def forward(
        self, x: Tensor, y: Tensor, generator: Generator | None = None, *, from_shared: bool = False
    ) -> Pass:
        """One pass over a batch of pairs; `from_shared` also decodes from zs alone."""
        features_x, features_y = self.fe["x"](x), self.fe["y"](y)
        q_zx, q_zy = self.exclusive("x", x), self.exclusive("y", y)
        q_zs: Gaussian = self.q_zs(torch.cat([features_x, features_y], dim=1))
        zx, zy, zs = q_zx.sample(generator), q_zy.sample(generator), q_zs.sample(generator)
        return Pass(
            q_zx=q_zx,
            q_zy=q_zy,
            q_zs=q_zs,
            rx_zs=self.r_zs["x"](features_x),
            ry_zs=self.r_zs["y"](features_y),
            x_hat=self.decode("x", zx, zs),
            y_hat=self.decode("y", zy, zs),
            x_bar=self.decode("x", torch.zeros_like(zx), zs) if from_shared else None,
            y_bar=self.decode("y", torch.zeros_like(zy), zs) if from_shared else None,
        )
