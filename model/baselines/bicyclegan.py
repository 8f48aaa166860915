"""BicycleGAN (Zhu et al., 2017), once in each direction: one input has many translations.

A style z of 8 numbers decides what the input does not. Two objectives train the generator together:

- cVAE-GAN: z is the encoding of the true translation, which the generator has to give back.
- cLR-GAN: z is random, and the encoder has to find it again in the generated picture. This term trains the
  generator only.

The discriminators compare by least squares, at two scales, and each objective has its own. As in the authors'
code (github.com/junyanz/BicycleGAN), they do not see the input, and a step's pairs are shared out: both
objectives translate the first half, and the true pictures that cLR-GAN's discriminator sees are those of the
second half. That code's weights start at Xavier's, ours as pix2pix's. It sums the KL over the half batch, and
takes a step of its own for the latent regression; here the KL is a mean, and both join the generator's step.
"""

from collections.abc import Iterator
from typing import ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.func import functional_call

from model.baselines.adversarial import least_squares
from model.baselines.blocks import INSTANCE_NORM, SLOPE, channels, halvings
from model.baselines.discriminators import TwoScales
from model.baselines.translator import Capability, Losses, Translator, initialise, normal
from model.baselines.unet import UNet
from model.distributions import Gaussian, gaussian, kl_standard
from model.presets import SIDES, Preset, Side, other

L1, LATENT, KL = 10.0, 0.5, 0.01
"""Weights of the L1 error, of the latent regression and of the KL; the adversarial terms have weight 1."""
ENCODER = (1, 2, 3, 4)
"""The encoder's channels, in units of the first layer's; later layers have the last number."""


class ResidualBlock(nn.Module):
    """Halves maps: two 3x3 convolutions and a mean over 2x2 pixels, beside a 1x1 convolution of that mean."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            INSTANCE_NORM(inputs),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(inputs, inputs, 3, padding=1),
            INSTANCE_NORM(inputs),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.AvgPool2d(2),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1))

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        halved: Tensor = self.layers(maps) + self.shortcut(maps)
        return halved


class StyleEncoder(nn.Sequential):
    """q(z|picture), a residual network to maps of 8x8, their mean, and a Gaussian."""

    def __init__(self, image_size: int, width: float, style_size: int) -> None:
        blocks = halvings(image_size) - 4  # from half the picture to maps of 8x8
        multiples = [ENCODER[min(layer, len(ENCODER) - 1)] for layer in range(blocks + 1)]
        widths = [multiple * channels(0, width) for multiple in multiples]
        super().__init__(
            nn.Conv2d(3, widths[0], 4, 2, 1),
            *(ResidualBlock(widths[layer], widths[layer + 1]) for layer in range(blocks)),
            nn.LeakyReLU(SLOPE),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(widths[-1], 2 * style_size),
        )

    def forward(self, pixels: Float[Tensor, "b 3 s s"]) -> Gaussian:
        return gaussian(super().forward(pixels))


class BicycleGAN(Translator):
    """BicycleGAN from X to Y and from Y to X; networks are named by the source."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"translate", "sampled_style", "reference_style"}
    )
    style_size = 8
    only_trained = ("discriminators",)
    trained_by = {  # noqa: RUF012
        "discriminators": ("discriminators",),
        "generators": ("generators", "encoders"),
    }

    def __init__(self, preset: Preset) -> None:
        super().__init__(preset)
        size, width, z = preset.image_size, preset.width, self.style_size
        self.generators = nn.ModuleDict(
            {source: UNet(size, width, style_size=z, dropout=0.0) for source in SIDES}
        )
        self.encoders = nn.ModuleDict({source: StyleEncoder(size, width, z) for source in SIDES})
        self.discriminators = nn.ModuleDict(
            {
                source: nn.ModuleDict({kind: TwoScales(size, width) for kind in ("encoded", "random")})
                for source in SIDES
            }
        )
        self.apply(initialise)

    def translate(
        self, source: Side, pixels: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"] | None = None
    ) -> Float[Tensor, "b 3 s s"]:
        if style is None:
            style = pixels.new_zeros(len(pixels), self.style_size)
        translated: Tensor = self.generators[source](pixels, style)
        return translated

    def style_of(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b z"]:
        encoded: Gaussian = self.encoders[other(side)](pixels)
        return encoded.mean

    def phases(
        self, x: Float[Tensor, "b 3 s s"], y: Float[Tensor, "b 3 s s"], noise: Generator
    ) -> Iterator[Losses]:
        half = max(1, len(x) // 2)
        pictures: dict[Side, Tensor] = {"x": x[:half], "y": y[:half]}
        unpaired: dict[Side, Tensor] = {"x": x[-half:], "y": y[-half:]}
        encoded = {source: self.encoders[source](pictures[other(source)]) for source in SIDES}
        random = {source: normal(pictures[source], self.style_size, noise) for source in SIDES}
        fakes = {
            source: {
                "encoded": self.translate(source, pictures[source], encoded[source].sample(noise)),
                "random": self.translate(source, pictures[source], random[source]),
            }
            for source in SIDES
        }
        terms: dict[str, Tensor] = {}
        for source in SIDES:
            seen = {"encoded": pictures[other(source)], "random": unpaired[other(source)]}
            for kind, fake in fakes[source].items():
                discriminate = self.discriminators[source][kind]  # type: ignore[index]
                terms[f"discriminator_{kind}_from_{source}"] = least_squares(
                    discriminate(seen[kind]), real=True
                ) + least_squares(discriminate(fake.detach()), real=False)
        yield {"discriminators": terms}
        terms = {}
        for source in SIDES:
            for kind, fake in fakes[source].items():
                logits = self.discriminators[source][kind](fake)  # type: ignore[index]
                terms[f"gan_{kind}_from_{source}"] = least_squares(logits, real=True)
            terms[f"reconstruction_from_{source}"] = L1 * F.l1_loss(
                fakes[source]["encoded"], pictures[other(source)]
            )
            terms[f"kl_from_{source}"] = KL * kl_standard(encoded[source]).mean()
            terms[f"latent_from_{source}"] = LATENT * latent_regression(
                self.encoders[source], fakes[source]["random"], random[source]
            )
        yield {"generators": terms}


def latent_regression(
    encoder: nn.Module, pictures: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"]
) -> Tensor:
    """Return the L1 error of the styles that the encoder finds, without a gradient to the encoder."""
    frozen = {name: value.detach() for name, value in encoder.named_parameters()}
    found: Gaussian = functional_call(encoder, frozen, (pictures,))
    return F.l1_loss(found.mean, style)
