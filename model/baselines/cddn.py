"""CdDN, cross-domain disentanglement networks (Gonzalez-Garcia et al., 2018).

Each domain has an encoder to a shared code and an exclusive one, and a decoder. Five terms train them:

- GAN: a translation from the shared code and a random exclusive one looks real to a WGAN-GP critic.
- Exclusive GAN: a small decoder tries to make the other domain's picture from the exclusive code alone. A
  gradient reversal before it trains the encoder to remove what helps that decoder.
- Cross-domain autoencoders: a picture is decoded from its own exclusive code and its partner's shared code.
- Shared codes of a pair are equal.
- Encoded again, a translation has the codes that it was made from.

Weights and layers are those of the authors' code (github.com/agonzgarc/cross-domain-disen). So are the
optimisers: each term has its own Adam. It matters: with one Adam for their sum, the shared codes of small
pictures become constants. There are two differences. The code's batch norms take a batch's own statistics at
test time too; ours take running ones, so a picture's result does not depend on others. Only the codes of real
pictures set them. And all its layers start as here but for the critics' last one.
"""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from model.baselines.adversarial import reversed_gradient, wasserstein
from model.baselines.blocks import channels, down, halvings, to_picture, up
from model.baselines.discriminators import Critic
from model.baselines.translator import Capability, Losses, Translator, initialise, normal
from model.baselines.unet import with_style
from model.networks import running_statistics
from model.presets import SIDES, Preset, Side, other

L1, EXCLUSIVE_GAN = 100.0, 0.1
"""Weights of all L1 errors and of the exclusive GAN; the GAN has weight 1."""
NOISE = 0.1
"""Standard deviation of the noise that is added to a decoder's codes, in training."""
DROPOUT = 0.5
EXCLUSIVE_SIZE = 8
LAYERS = 4
"""Layers before the two codes."""


class Codes(NamedTuple):
    """The shared codes [b, c, s/32, s/32] and the exclusive codes [b, 8] of pictures."""

    shared: Tensor
    exclusive: Tensor


class Encoder(nn.Module):
    """From pictures to both codes."""

    def __init__(self, image_size: int, width: float) -> None:
        super().__init__()
        widths = [3, *(channels(layer, width) for layer in range(LAYERS))]
        self.layers = nn.Sequential(
            *(
                down(widths[layer], widths[layer + 1], norm=nn.BatchNorm2d if layer else None)
                for layer in range(LAYERS)
            )
        )
        self.shared = nn.Sequential(
            nn.Conv2d(widths[-1], channels(LAYERS, width), 4, 2, 1, bias=False),
            nn.BatchNorm2d(channels(LAYERS, width)),
        )
        self.exclusive = nn.Linear(widths[-1] * (image_size // 16) ** 2, EXCLUSIVE_SIZE)

    def forward(self, pixels: Float[Tensor, "b 3 s s"]) -> Codes:
        hidden: Tensor = self.layers(pixels)
        return Codes(self.shared(hidden), self.exclusive(hidden.flatten(1)))


class Decoder(nn.Sequential):
    """From maps [b, c, s/32, s/32] to pictures."""

    def __init__(self, inputs: int, width: float) -> None:
        widths = [inputs, *(channels(layer, width) for layer in reversed(range(LAYERS)))]
        super().__init__(
            nn.ReLU(),
            *(
                up(
                    widths[layer],
                    widths[layer + 1],
                    dropout=DROPOUT if layer < 2 else 0.0,
                    norm=nn.BatchNorm2d,
                )
                for layer in range(LAYERS)
            ),
            to_picture(widths[-1]),
        )


class CdDN(Translator):
    """Encoders and decoders of both domains, and the networks that only training needs."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"translate", "sampled_style", "reference_style", "shared_codes", "exclusive_codes"}
    )
    style_size = EXCLUSIVE_SIZE
    only_trained = ("exclusive_decoders", "critics", "exclusive_critics")
    trained_by = {  # noqa: RUF012
        "critics": ("critics", "exclusive_critics"),
        "gan_from_x": ("encoders.x", "decoders.y"),
        "gan_from_y": ("encoders.y", "decoders.x"),
        "exclusive_gan_from_x": ("encoders.x", "exclusive_decoders.x"),
        "exclusive_gan_from_y": ("encoders.y", "exclusive_decoders.y"),
        "autoencoder_x": ("encoders", "decoders.x"),
        "autoencoder_y": ("encoders", "decoders.y"),
        "shared": ("encoders",),
        "codes": ("encoders", "decoders"),
    }

    def __init__(self, preset: Preset) -> None:
        super().__init__(preset)
        size, width = preset.image_size, preset.width
        halvings(size)
        codes = channels(LAYERS, width) + EXCLUSIVE_SIZE
        self.encoders = nn.ModuleDict({side: Encoder(size, width) for side in SIDES})
        self.decoders = nn.ModuleDict({side: Decoder(codes, width) for side in SIDES})
        self.exclusive_decoders = nn.ModuleDict({source: Decoder(EXCLUSIVE_SIZE, width) for source in SIDES})
        self.critics = nn.ModuleDict({source: Critic(size, width) for source in SIDES})
        self.exclusive_critics = nn.ModuleDict({source: Critic(size, width) for source in SIDES})
        self.apply(initialise)

    @property
    def shared_shape(self) -> tuple[int, int, int]:
        """Shape of one shared code."""
        side = self.preset.image_size // 32
        return (channels(LAYERS, self.preset.width), side, side)

    def encode(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Codes:
        """Return both codes of pictures."""
        codes: Codes = self.encoders[side](pixels)
        return codes

    def shared(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c h w"]:
        return self.encode(side, pixels).shared

    def exclusive(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b z"]:
        return self.encode(side, pixels).exclusive

    def style_of(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b z"]:
        return self.exclusive(side, pixels)

    def decode(self, side: Side, codes: Codes, noise: Generator | None = None) -> Float[Tensor, "b 3 s s"]:
        """Decode pictures of one domain; `noise` adds noise to the codes, as in training."""
        maps = with_style(codes.shared, codes.exclusive)
        if noise is not None:
            maps = maps + NOISE * torch.randn(maps.shape, generator=noise, device=maps.device)
        pixels: Tensor = self.decoders[side](maps)
        return pixels

    def decoded(
        self, side: Side, exclusive: Float[Tensor, "b z"], shared: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, "b 3 s s"]:
        """Decode pictures of one domain from their codes."""
        return self.decode(side, Codes(shared, exclusive))

    def translate(
        self, source: Side, pixels: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"] | None = None
    ) -> Float[Tensor, "b 3 s s"]:
        if style is None:
            style = pixels.new_zeros(len(pixels), self.style_size)
        return self.decode(other(source), Codes(self.shared(source, pixels), style))

    def from_exclusive(
        self, source: Side, exclusive: Float[Tensor, "b z"], side: int
    ) -> Float[Tensor, "b 3 s s"]:
        """Try to make pictures of the other domain from exclusive codes alone, whose gradient is reversed.

        Args:
            source: the codes' domain.
            exclusive: the codes.
            side: side of the shared codes' maps.
        """
        maps = reversed_gradient(exclusive)[:, :, None, None].expand(-1, -1, side, side)
        pixels: Tensor = self.exclusive_decoders[source](maps)
        return pixels

    def phases(
        self, x: Float[Tensor, "b 3 s s"], y: Float[Tensor, "b 3 s s"], noise: Generator
    ) -> Iterator[Losses]:
        pictures: dict[Side, Tensor] = {"x": x, "y": y}
        codes = {side: self.encode(side, pictures[side]) for side in SIDES}
        styles = {source: normal(x, self.style_size, noise) for source in SIDES}
        fakes = {
            source: self.decode(other(source), Codes(codes[source].shared, styles[source]), noise)
            for source in SIDES
        }
        exclusive_fakes = {
            source: self.from_exclusive(source, codes[source].exclusive, codes[source].shared.shape[-1])
            for source in SIDES
        }
        terms: dict[str, Tensor] = {}
        for source in SIDES:
            for kind, critics, made in (
                ("critic", self.critics, fakes),
                ("exclusive_critic", self.exclusive_critics, exclusive_fakes),
            ):
                mix = torch.rand(len(x), generator=noise, device=x.device)
                terms[f"{kind}_from_{source}"] = wasserstein(
                    critics[source], pictures[source], pictures[other(source)], made[source], mix
                )
        yield {"critics": terms}
        shared = L1 * F.l1_loss(codes["x"].shared, codes["y"].shared)
        losses: dict[str, dict[str, Tensor]] = {"shared": {"shared": shared}, "codes": {}}
        for source in SIDES:
            target = other(source)
            losses[f"gan_from_{source}"] = {
                f"gan_from_{source}": -self.critics[source](pictures[source], fakes[source]).mean()
            }
            score = self.exclusive_critics[source](pictures[source], exclusive_fakes[source]).mean()
            losses[f"exclusive_gan_from_{source}"] = {f"exclusive_gan_from_{source}": -EXCLUSIVE_GAN * score}
            crossed = Codes(codes[target].shared, codes[source].exclusive)
            with running_statistics(self.decoders[source], updated=False):
                autoencoded = self.decode(source, crossed, noise)
            losses[f"autoencoder_{source}"] = {
                f"autoencoder_{source}": L1 * F.l1_loss(autoencoded, pictures[source])
            }
            with running_statistics(self.encoders[target], updated=False):
                again = self.encode(target, fakes[source])
            losses["codes"][f"codes_from_{source}"] = L1 * (
                F.l1_loss(again.shared, codes[source].shared) + F.l1_loss(again.exclusive, styles[source])
            )
        yield losses
