"""Inference with IIAE, with a backbone if it is a sketch model."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from model.domain_score import domain_score
from model.iiae import IIAE
from model.inference import Inference
from model.presets import Side
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.serving_form import serving_form
from model.sketch.search_codes import search_codes

M = TypeVar("M", bound=nn.Module)

IMAGE_CAPABILITIES = frozenset({"translate", "styles", "analogy", "retrieve", "embed"})
SKETCH_CAPABILITIES = frozenset({"sbir", "retrieve", "embed"})


class IIAEInference(Inference):
    """IIAE in evaluation mode, with its backbone if it is a sketch model."""

    def __init__(self, iiae: IIAE, backbone: Backbone | None, device: torch.device) -> None:
        super().__init__(iiae.preset, device)
        self.iiae = _frozen(iiae, device)
        self.backbone = None if backbone is None else serving_form(backbone, device)
        self.capabilities = IMAGE_CAPABILITIES if self.preset.sketch is None else SKETCH_CAPABILITIES
        self.shared_shape = self.preset.shared_shape
        self.search_size = self.preset.search_size
        self.exclusive_size = self.preset.zx_size

    @torch.inference_mode()
    def shared(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the means of r(zs|.): [b, 3, s, s] to [b, *shared_shape]."""
        return self.iiae.shared(side, self._inputs(pixels)).mean

    @torch.inference_mode()
    def search_codes(self, side: Side, pixels: Tensor, *, drawn: bool = False) -> Tensor:
        """Return what galleries store and searches compare: [b, 3, s, s] to [b, search_size].

        Image models return the means of r(zs|.), flattened; sketch models `model.sketch.search_codes`.

        Args:
            drawn: whether the gallery has drawn pictures. Its codes cannot be compared with those of others.
        """
        if self.backbone is None:
            return self.shared(side, pixels).flatten(1)
        pooled = self.backbone.pooled(pixels.to(self.device, memory_format=torch.channels_last))
        zs = self.iiae.shared(side, self.backbone.feature(self.backbone.descriptor(pooled))).mean
        weight = self.preset.require_sketch().weight_of_things(drawn=drawn)
        return search_codes(zs.float(), self.backbone.thing_codes(pooled), weight)

    @torch.inference_mode()
    def exclusive(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the means of q(zx|x) or q(zy|y): [b, 3, s, s] to [b, exclusive_size]."""
        return self.iiae.exclusive(side, self._inputs(pixels)).mean

    @torch.inference_mode()
    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """Decode one domain: [b, exclusive_size] and [b, *shared_shape] to pictures [b, 3, s, s].

        A sketch model decodes to features, [b, feature_size].
        """
        return self.iiae.decode(side, z.to(self.device), zs.to(self.device)).float()

    @torch.inference_mode()
    def domain_score(self, pixels: Tensor) -> Tensor:
        """Score which domain pictures look like, [b, 3, s, s] to [b]: positive for X, negative for Y."""
        return domain_score(self.iiae.fe["x"], self.iiae.fe["y"], self._inputs(pixels))

    def _inputs(self, pixels: Tensor) -> Tensor:
        on_device = pixels.to(self.device, memory_format=torch.channels_last)
        if self.backbone is None:
            return on_device
        features: Tensor = self.backbone(on_device)
        return features


def _frozen(module: M, device: torch.device) -> M:
    moved: M = module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return moved.eval().requires_grad_(False)
