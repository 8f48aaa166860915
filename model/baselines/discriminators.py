"""Discriminators: patches of a picture (pix2pix, BicycleGAN), and a critic of the whole picture (CdDN)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from model.baselines.blocks import INSTANCE_NORM, channels, down

PATCH_LAYERS = 4
"""Layers before the last, of which all but one halve the picture. Each output then sees 70x70 pixels. Small
pictures have fewer, so that their last maps still have some pixels."""


class PatchDiscriminator(nn.Module):
    """The 70x70 PatchGAN of pix2pix: says of each patch whether it is real, as a logit.

    Args:
        image_size: side of the pictures in pixels, a power of two.
        width: multiplies every channel count.
        pictures: pictures that it sees side by side: 2 for the input and its translation, 1 for the latter.
    """

    def __init__(self, image_size: int, width: float, *, pictures: int = 2) -> None:
        super().__init__()
        layers = min(PATCH_LAYERS, image_size.bit_length() - 3)
        widths = [3 * pictures, *(channels(layer, width) for layer in range(layers))]
        self.layers = nn.Sequential(
            *(
                down(
                    widths[layer],
                    widths[layer + 1],
                    stride=2 if layer < layers - 1 else 1,
                    norm=INSTANCE_NORM if layer else None,
                )
                for layer in range(layers)
            ),
            nn.Conv2d(widths[-1], 1, 4, 1, 1),
        )

    def forward(self, *pictures: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b 1 p p"]:
        logits: Tensor = self.layers(torch.cat(pictures, 1))
        return logits


class TwoScales(nn.Module):
    """Patch discriminators of a picture, and of it at half its size with half the channels.

    As in BicycleGAN's code, they do not see the picture that was translated.
    """

    def __init__(self, image_size: int, width: float) -> None:
        super().__init__()
        self.whole = PatchDiscriminator(image_size, width, pictures=1)
        self.halved = PatchDiscriminator(image_size // 2, width / 2, pictures=1)

    def forward(self, picture: Float[Tensor, "b 3 s s"]) -> list[Tensor]:
        """Return the logits at both scales."""
        halved = F.avg_pool2d(picture, 3, stride=2, padding=1, count_include_pad=False)
        return [self.whole(picture), self.halved(halved)]


class Critic(nn.Module):
    """CdDN's WGAN-GP critic: three layers that halve the pictures, and one number for a pair of them.

    It has no normalisation: the gradient penalty is measured for each pair alone.

    Args:
        image_size: side of the pictures in pixels, a multiple of 8.
        width: multiplies every channel count.
    """

    def __init__(self, image_size: int, width: float) -> None:
        super().__init__()
        widths = [6, *(channels(layer, width) for layer in range(3))]
        self.layers = nn.Sequential(
            *(down(widths[layer], widths[layer + 1], norm=None) for layer in range(3)),
            nn.Flatten(),
            nn.Linear(widths[-1] * (image_size // 8) ** 2, 1),
        )

    def forward(
        self, condition: Float[Tensor, "b 3 s s"], picture: Float[Tensor, "b 3 s s"]
    ) -> Float[Tensor, " b"]:
        values: Tensor = self.layers(torch.cat([condition, picture], 1))
        return values[:, 0]
