"""Inference with a system that the paper compares IIAE with."""

import torch
from torch import Tensor, nn

from model.baselines.cddn import CdDN
from model.baselines.translator import Translator
from model.domain_score import domain_score
from model.inference import Inference
from model.presets import Side, other


class TranslatorInference(Inference):
    """A compared system in evaluation mode.

    pix2pix and BicycleGAN have no code of what a picture shows: their generator sees the whole picture. For
    them, the shared code is the picture itself, and it cannot be searched.
    """

    def __init__(self, system: Translator, device: torch.device) -> None:
        super().__init__(system.preset, device)
        self.system = system.to(device).eval().requires_grad_(False)
        self.exclusive_size = system.style_size
        styles = {"styles"} if system.style_size else set()
        if isinstance(system, CdDN):
            self.capabilities = frozenset({"translate", "analogy", "retrieve", "embed", *styles})
            self.shared_shape = system.shared_shape
            self.search_size = int(torch.Size(self.shared_shape).numel())
            layers = {side: system.encoders[side].layers for side in ("x", "y")}
            self._extractors = {
                side: nn.Sequential(*(layer for block in blocks for layer in block))  # type: ignore[union-attr]
                for side, blocks in layers.items()
            }
        else:
            self.capabilities = frozenset({"translate", *styles})
            self.shared_shape = (3, self.preset.image_size, self.preset.image_size)
            self.search_size = 0
            self._extractors = {}

    @torch.inference_mode()
    def shared(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the shared codes, or the pictures: [b, 3, s, s] to [b, *shared_shape]."""
        pixels = pixels.to(self.device)
        return self.system.shared(side, pixels) if self._extractors else pixels

    @torch.inference_mode()
    def search_codes(self, side: Side, pixels: Tensor, *, drawn: bool = False) -> Tensor:
        """Return the shared codes, flattened: [b, 3, s, s] to [b, search_size]."""
        return self.system.shared(side, pixels.to(self.device)).flatten(1)

    @torch.inference_mode()
    def exclusive(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the styles of pictures: [b, 3, s, s] to [b, exclusive_size]."""
        return self.system.style_of(side, pixels.to(self.device))

    @torch.inference_mode()
    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """Decode one domain: [b, exclusive_size] and [b, *shared_shape] to pictures [b, 3, s, s]."""
        z, zs = z.to(self.device), zs.to(self.device)
        if isinstance(self.system, CdDN):
            return self.system.decoded(side, z, zs)
        return self.system.translate(other(side), zs, z if self.exclusive_size else None)

    @torch.inference_mode()
    def domain_score(self, pixels: Tensor) -> Tensor:
        """Score which domain pictures look like, [b, 3, s, s] to [b]: positive for X, negative for Y."""
        return domain_score(self._extractors["x"], self._extractors["y"], pixels.to(self.device))
