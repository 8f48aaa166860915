"""Inference with a trained model: batches of pixels to codes and codes to pixels, without gradients."""

from pathlib import Path
from typing import TypeVar

import torch
from PIL import Image
from torch import Tensor, nn

from model import pictures
from model.domain_score import domain_score
from model.iiae import IIAE
from model.images.decode import read_picture
from model.presets import SIDES, Preset, Side, other
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.serving_form import serving_form
from model.sketch.drawings import normalise as drawings
from model.sketch.drawings.normalise import NoDrawing
from model.sketch.search_codes import search_codes

__all__ = ["Inference", "NoDrawing", "analogy", "translate"]

M = TypeVar("M", bound=nn.Module)

IMAGE_CAPABILITIES = frozenset({"translate", "analogy", "retrieve", "embed"})
SKETCH_CAPABILITIES = frozenset({"sbir", "retrieve", "embed"})


class Inference:
    """A model in evaluation mode on one device, with its backbone if it is a sketch model.

    Translation from x to y is `decode("y", z, shared("x", pixels))`, where z is a sample of N(0, I), zeros
    (the prior's mean) or `exclusive("y", reference)`. An analogy in x is `decode("x", exclusive("x",
    reference), shared("x", pixels))`.
    """

    def __init__(self, iiae: IIAE, backbone: Backbone | None, device: torch.device) -> None:
        self.preset: Preset = iiae.preset
        self.device = device
        self.iiae = _frozen(iiae, device)
        self.backbone = None if backbone is None else serving_form(backbone, device)
        self.capabilities = IMAGE_CAPABILITIES if self.preset.sketch is None else SKETCH_CAPABILITIES
        self.shared_shape = self.preset.shared_shape
        self.search_size = self.preset.search_size
        self.exclusive_size = self.preset.zx_size

    def side(self, domain: str) -> Side:
        """Return the side of a domain's name; raises KeyError for any other name."""
        return dict(zip(self.preset.domains, SIDES, strict=True))[domain]

    def prepare(self, image: Image.Image, side: Side) -> Tensor:
        """Return an RGB picture as this model's pixels [3, s, s], on the CPU; any thread may call it.

        Raises:
            NoDrawing: this side takes drawings, and the picture has no ink.
        """
        normalised = drawings.normalise(image) if self.takes_drawings(side) else image
        return pictures.prepare(normalised, self.preset.image_size)

    def read(self, path: Path, side: Side) -> Tensor:
        """Read a picture file from the disk as this model's pixels [3, s, s], as the service reads uploads.

        Raises:
            OSError: the file cannot be read.
            PictureError: it is no picture that can be decoded.
            NoDrawing: this side takes drawings, and the picture has no ink.
        """
        picture = read_picture(path, smallest=self.smallest_side(side), drawing=self.takes_drawings(side))
        return self.prepare(picture, side)

    def smallest_side(self, side: Side) -> int:
        """Return the number of pixels that both sides of a picture need for `prepare`.

        A larger picture may be reduced by a whole number before `prepare`, if both sides keep so many pixels.
        """
        if self.takes_drawings(side):
            return drawings.SMALLEST_SIDE
        return pictures.smallest_side(self.preset.image_size)

    def preprocessing(self, side: Side) -> str:
        """Return the version of `prepare` for a domain; it is part of every cache key."""
        if self.takes_drawings(side):
            return f"{pictures.PREPROCESSING}.{drawings.VERSION}"
        return str(pictures.PREPROCESSING)

    def takes_drawings(self, side: Side) -> bool:
        """Return whether pictures of a domain are normalised as drawings."""
        sketch = self.preset.sketch
        # The training data fixes the sides: X is the photos, Y the sketches (`model.data.sketchy.DOMAINS`).
        # --domains renames the sides but does not swap them.
        return sketch is not None and sketch.drawings and side == "y"

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


def translate(inference: Inference, source: Side, pixels: Tensor, z: Tensor) -> Tensor:
    """Translate x to y (or y to x) with the target's exclusive codes z [b, exclusive_size]."""
    return inference.decode(other(source), z, inference.shared(source, pixels))


def analogy(inference: Inference, side: Side, query: Tensor, reference: Tensor) -> Tensor:
    """Decode the queries' shared codes with the references' exclusive codes; all of one domain."""
    return inference.decode(side, inference.exclusive(side, reference), inference.shared(side, query))


def _frozen(module: M, device: torch.device) -> M:
    moved: M = module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return moved.eval().requires_grad_(False)
