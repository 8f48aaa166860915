"""Inference with a trained model: batches of pixels to codes and codes to pixels, without gradients."""

from abc import ABC, abstractmethod
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from model import pictures, preprocessing
from model.images import decode
from model.images.decode import read_picture
from model.presets import SIDES, Preset, Side, other
from model.sketch.drawings import normalise as drawings
from model.sketch.drawings.normalise import NoDrawing

__all__ = ["Inference", "NoDrawing", "analogy", "translate"]


class Inference(ABC):
    """A model in evaluation mode on one device.

    Translation from x to y is `decode("y", z, shared("x", pixels))`, where z is a sample of N(0, I), zeros
    (the prior's mean) or `exclusive("y", reference)`. An analogy in x is `decode("x", exclusive("x",
    reference), shared("x", pixels))`.

    Args:
        preset: the settings that the model was trained with.
        device: where it computes.

    Attributes:
        capabilities: what requests may ask of it.
        shared_shape: shape of one shared code.
        search_size: length of a search code; 0 if it has none.
        exclusive_size: length of an exclusive code, or of a translation's style; 0 if it has none.
    """

    capabilities: frozenset[str]
    shared_shape: tuple[int, ...]
    search_size: int
    exclusive_size: int

    def __init__(self, preset: Preset, device: torch.device) -> None:
        self.preset, self.device = preset, device

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
        """Return the version of decoding and `prepare` for a domain; it is part of every cache key."""
        version = f"{preprocessing.VERSION}.{decode.VERSION}"
        return f"{version}.{drawings.VERSION}" if self.takes_drawings(side) else version

    def takes_drawings(self, side: Side) -> bool:
        """Return whether pictures of a domain are normalised as drawings."""
        sketch = self.preset.sketch
        # The training data fixes the sides: X is the photos, Y the sketches (`model.data.sketchy.DOMAINS`).
        # --domains renames the sides but does not swap them.
        return sketch is not None and sketch.drawings and side == "y"

    @abstractmethod
    def shared(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the shared codes: [b, 3, s, s] to [b, *shared_shape]."""

    @abstractmethod
    def search_codes(self, side: Side, pixels: Tensor, *, drawn: bool = False) -> Tensor:
        """Return what galleries store and searches compare: [b, 3, s, s] to [b, search_size].

        Args:
            drawn: whether the gallery has drawn pictures. Its codes cannot be compared with those of others.
        """

    @abstractmethod
    def exclusive(self, side: Side, pixels: Tensor) -> Tensor:
        """Return the exclusive codes, or the styles, of pictures: [b, 3, s, s] to [b, exclusive_size]."""

    @abstractmethod
    def decode(self, side: Side, z: Tensor, zs: Tensor) -> Tensor:
        """Decode one domain: [b, exclusive_size] and [b, *shared_shape] to pictures [b, 3, s, s]."""

    @abstractmethod
    def domain_score(self, pixels: Tensor) -> Tensor:
        """Score which domain pictures look like, [b, 3, s, s] to [b]: positive for X, negative for Y."""


def translate(inference: Inference, source: Side, pixels: Tensor, z: Tensor) -> Tensor:
    """Translate x to y (or y to x) with the target's exclusive codes z [b, exclusive_size]."""
    return inference.decode(other(source), z, inference.shared(source, pixels))


def analogy(inference: Inference, side: Side, query: Tensor, reference: Tensor) -> Tensor:
    """Decode the queries' shared codes with the references' exclusive codes; all of one domain."""
    return inference.decode(side, inference.exclusive(side, reference), inference.shared(side, query))
