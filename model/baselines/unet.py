"""The generator of pix2pix and BicycleGAN: a U-Net, whose decoder also sees the encoder's layers.

Isola et al., 2017 (appendix 6.1): each encoder layer halves the picture until its side is 1; each decoder
layer gets the output of the layer before it and that of the encoder layer of the same size.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.baselines.blocks import INSTANCE_NORM, channels, down, halvings, to_picture, up

DROPPED_OUT = 3
"""The first decoder layers, which have dropout."""


class UNet(nn.Module):
    """A generator from pictures [b, 3, s, s] in [-1, 1] to such pictures.

    Args:
        image_size: side of the pictures in pixels, a power of two.
        width: multiplies every channel count.
        style_size: dimensions of a style that every encoder layer also gets, as constant maps (BicycleGAN's
            `add_to_all`); 0 for none.
        dropout: of the first decoder layers, in training.
    """

    def __init__(self, image_size: int, width: float, *, style_size: int = 0, dropout: float = 0.5) -> None:
        super().__init__()
        layers = halvings(image_size)
        widths = [3, *(channels(layer, width) for layer in range(layers))]
        self.encoder = nn.ModuleList(
            # Neither the first layer nor the last one, whose maps have one pixel, is normalised.
            down(
                widths[layer] + style_size,
                widths[layer + 1],
                norm=INSTANCE_NORM if 0 < layer < layers - 1 else None,
            )
            for layer in range(layers)
        )
        self.decoder = nn.ModuleList(
            up(
                widths[layer + 1] * (1 if layer == layers - 1 else 2),
                widths[layer],
                dropout=dropout if layers - 1 - layer < DROPPED_OUT else 0.0,
            )
            for layer in reversed(range(1, layers))
        )
        self.last = to_picture(2 * widths[1])

    def forward(
        self, pixels: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"] | None = None
    ) -> Float[Tensor, "b 3 s s"]:
        hidden, skipped = pixels, []
        for layer in self.encoder:
            hidden = layer(hidden if style is None else with_style(hidden, style))
            skipped.append(hidden)
        hidden = self.decoder[0](skipped.pop())
        for layer in self.decoder[1:]:
            hidden = layer(torch.cat([hidden, skipped.pop()], 1))
        picture: Tensor = self.last(torch.cat([hidden, skipped.pop()], 1))
        return picture


def with_style(maps: Float[Tensor, "b c h w"], style: Float[Tensor, "b z"]) -> Float[Tensor, "b cz h w"]:
    """Add a style to maps as further channels, constant over height and width."""
    return torch.cat([maps, style[:, :, None, None].expand(-1, -1, *maps.shape[2:])], 1)
