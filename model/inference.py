"""A trained model, ready to answer: pixels to codes and codes to pixels, in batches, without gradients."""

from typing import TypeVar

import torch
from PIL import Image
from torch import Tensor, nn

from model import pictures
from model.domain_score import domain_score
from model.iiae import IIAE
from model.presets import SIDES, Preset, Side, other
from model.sketch import drawings
from model.sketch.backbones import Backbone
from model.sketch.drawings import NoDrawing
from model.sketch.serving_form import serving_form

__all__ = ["Inference", "NoDrawing", "analogy", "translate"]

M = TypeVar("M", bound=nn.Module)

IMAGE_CAPABILITIES = frozenset({"translate", "analogy", "retrieve", "embed"})
SKETCH_CAPABILITIES = frozenset({"sbir", "retrieve", "embed"})


class Inference:
    """IIAE, with its backbone where the preset has one; in evaluation mode on one device.

    Translation x to y is `decode("y", z, shared("x", pixels))`, with z drawn from N(0, I), zeros (the prior's
    mean) or `exclusive("y", reference)`; an analogy in x is `decode("x", exclusive("x", reference),
    shared("x", pixels))`.
    """

    def __init__(self, iiae: IIAE, backbone: Backbone | None, device: torch.device) -> None:
        self.preset: Preset = iiae.preset
        self.device = device
        self.iiae = _frozen(iiae, device)
        self.backbone = None if backbone is None else serving_form(backbone, device)
        self.capabilities = IMAGE_CAPABILITIES if self.preset.network != "perceptron" else SKETCH_CAPABILITIES
        self.shared_shape = self.preset.shared_shape
        self.exclusive_size = self.preset.zx_size

    def side(self, domain: str) -> Side:
        """X or Y by the domain's name; KeyError for any other name."""
        return dict(zip(self.preset.domains, SIDES, strict=True))[domain]

    def prepare(self, image: Image.Image, side: Side) -> Tensor:
        """An RGB picture as this model's pixels [3, s, s], on the CPU; any thread may call it.

        Raises:
            NoDrawing: a drawing is wanted, and there is none.
        """
        drawn = drawings.normalise(image) if self._of_drawings(side) else image
        return pictures.prepare(drawn, self.preset.image_size)

    def preprocessing(self, side: Side) -> str:
        """Version of what `prepare` gives for a domain; part of every cache key."""
        return (
            f"{pictures.PREPROCESSING}.{drawings.VERSION}"
            if self._of_drawings(side)
            else str(pictures.PREPROCESSING)
        )

    def _of_drawings(self, side: Side) -> bool:
        return self.preset.drawings and side == "y"

    @torch.inference_mode()
    def shared(self, side: Side, pixels: Tensor) -> Tensor:
        """Means of r(zs|.): [b, 3, s, s] to [b, *shared_shape]."""
        return self.iiae.shared(side, self._inputs(pixels)).mean

    @torch.inference_mode()
    def exclusive(self, side: Side, pixels: Tensor) -> Tensor:
        """Means of q(zx|x) or q(zy|y): [b, 3, s, s] to [b, exclusive_size]."""
        return self.iiae.exclusive(side, self._inputs(pixels)).mean

    @torch.inference_mode()
    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """Pictures of one domain from its codes: [b, exclusive_size] and [b, *shared_shape] to [b, 3, s, s]."""
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


def translate(inference: Inference, source: Side, pixels: Tensor, z: Tensor) -> Tensor:
    """x to y (or y to x) with the target's exclusive codes z [b, exclusive_size]."""
    return inference.decode(other(source), z, inference.shared(source, pixels))


def analogy(inference: Inference, side: Side, query: Tensor, reference: Tensor) -> Tensor:
    """What the queries show, as the references show it; all of one domain."""
    return inference.decode(side, inference.exclusive(side, reference), inference.shared(side, query))


def _frozen(module: M, device: torch.device) -> M:
    frozen: M = module.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has it, its stubs do not
    return frozen
