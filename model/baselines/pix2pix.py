"""pix2pix (Isola et al., 2017), once in each direction.

Each direction has a U-Net and a discriminator of 70x70 patches that also sees the input. The generator
minimises the discriminator's cross-entropy for real pictures plus 100 times the L1 error. The discriminator's
loss is halved. The paper keeps dropout at test time, as its only noise. Here each picture has one
translation.
"""

from collections.abc import Iterator
from typing import ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from model.baselines.adversarial import cross_entropy
from model.baselines.discriminators import PatchDiscriminator
from model.baselines.translator import Capability, Losses, Translator, initialise
from model.baselines.unet import UNet
from model.presets import SIDES, Preset, Side, other

L1 = 100.0


class Pix2Pix(Translator):
    """pix2pix from X to Y and from Y to X."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"translate"})
    only_trained = ("discriminators",)
    trained_by = {"discriminators": ("discriminators",), "generators": ("generators",)}  # noqa: RUF012

    def __init__(self, preset: Preset) -> None:
        super().__init__(preset)
        size, width = preset.image_size, preset.width
        self.generators = nn.ModuleDict({source: UNet(size, width) for source in SIDES})
        self.discriminators = nn.ModuleDict({source: PatchDiscriminator(size, width) for source in SIDES})
        self.apply(initialise)

    def translate(
        self, source: Side, pixels: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"] | None = None
    ) -> Float[Tensor, "b 3 s s"]:
        if style is not None:
            raise self._missing("sampled_style")
        translated: Tensor = self.generators[source](pixels)
        return translated

    def phases(
        self, x: Float[Tensor, "b 3 s s"], y: Float[Tensor, "b 3 s s"], noise: Generator
    ) -> Iterator[Losses]:
        pictures: dict[Side, Tensor] = {"x": x, "y": y}
        fakes = {source: self.translate(source, pictures[source]) for source in SIDES}
        terms: dict[str, Tensor] = {}
        for source in SIDES:
            discriminate, condition = self.discriminators[source], pictures[source]
            real = cross_entropy(discriminate(condition, pictures[other(source)]), real=True)
            fake = cross_entropy(discriminate(condition, fakes[source].detach()), real=False)
            terms[f"discriminator_from_{source}"] = (real + fake) / 2
        yield {"discriminators": terms}
        terms = {}
        for source in SIDES:
            logits = self.discriminators[source](pictures[source], fakes[source])
            terms[f"gan_from_{source}"] = cross_entropy(logits, real=True)
            terms[f"reconstruction_from_{source}"] = L1 * F.l1_loss(fakes[source], pictures[other(source)])
        yield {"generators": terms}
