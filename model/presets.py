"""The experiments of the paper as data: networks (D.1, D.2) and hyperparameters (D.3)."""

import math
from dataclasses import dataclass
from typing import Literal

Side = Literal["x", "y"]
SIDES: tuple[Side, Side] = ("x", "y")
QueryKind = Literal["x", "y", "y_expanded", "drawn_x", "drawn_y", "drawn_y_expanded"]
"""The kind of a query: a photo (X), a sketch (Y), or a sketch expanded by its first hits. In a gallery of drawn
pictures each kind has a name of its own."""
DRAWN_KIND: dict[QueryKind, QueryKind] = {"x": "drawn_x", "y": "drawn_y", "y_expanded": "drawn_y_expanded"}
"""The name of each kind in a gallery of drawn pictures."""
ImageReader = Literal["mnist-cdcb", "paired", "cars", "synthetic"]
Reader = ImageReader | Literal["sketchy"]
Distance = Literal["l2", "cosine", "inner_product"]
"""How search codes are compared: by distance, or by similarity."""
SystemName = Literal["iiae", "pix2pix", "bicyclegan", "cddn"]
"""IIAE, or a system that the paper compares it with (`model.baselines`)."""
BackboneName = Literal["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"]


RANGES: dict[str, tuple[float, float]] = {
    "lam": (0, 1e9),
    "reconstruction_weight": (0, 1e9),
    "batch_size": (1, 2**16),
    "annealing": (1, 1e12),
    "image_size": (32, 1024),
    "width": (0.01, 4),
    "zs_size": (1, 2**14),
    "thing_size": (0, 2**14),
    "thing_weight": (0, 100),
    "drawn_thing_weight": (0, 100),
    "zx_size": (1, 2**12),
    "fc_channels": (1, 2**16),
    "feature_size": (1, 2**14),
    "things": (0, 2**14),
    "learning_rate": (0, 1e3),
}
"""The smallest and the largest value of each number. Manifests come from files, so none may be without bounds."""


LONGEST_NAME = 200
"""The most characters of a domain's name."""


def check_range(name: str, value: int | float) -> None:
    """Raise ValueError if a setting is outside of its range; NaN is outside of any."""
    low, high = RANGES[name]
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; it must be from {low} to {high}")


def other(side: Side) -> Side:
    """Return the opposite domain."""
    return "y" if side == "x" else "x"


@dataclass(frozen=True, kw_only=True)
class SketchInput:
    """What makes a model a sketch model: it encodes features of a backbone (D.2) instead of pixels (D.1).

    Sketch models have a Gaussian likelihood, and retrieval compares search codes (`model.sketch.search_codes`).

    Attributes:
        backbone: the network that turns pixels into features.
        feature_size: dimensions of a feature, the input of D.2.
        encoders: `printed` gives r(zs|x), r(zs|y) and q(zs|x, y) the layers of D.2; `linear_each` gives each one
            affine layer.
        mirrored: whether a feature is the mean over a picture and its mirror image.
        classified: whether features also contain the class probabilities of ImageNet's classifier.
        things: number of things whose probabilities features also contain; training sets it.
        thing_size: with things, dimensions of the part of a search code that says which thing a picture shows;
            0 searches by zs alone (`model.sketch.search_codes`).
        thing_weight: weight of that part in a similarity; zs has weight 1.
        drawn_thing_weight: the same in a gallery of drawn pictures. Icons of a thing look less alike than its
            photos do, so it is larger.
        drawings: whether pictures of Y are normalised as drawings first (`model.sketch.drawings`).
    """

    backbone: BackboneName = "efficientnet-lite2"
    feature_size: int = 512
    encoders: Literal["printed", "linear_each"] = "printed"
    mirrored: bool = True
    classified: bool = True
    things: int = 0
    thing_size: int = 0
    thing_weight: float = 1.0
    drawn_thing_weight: float = 4.0
    drawings: bool = True

    def __post_init__(self) -> None:
        check_range("feature_size", self.feature_size)
        for name in ("things", "thing_size", "thing_weight", "drawn_thing_weight"):
            check_range(name, getattr(self, name))

    def weight_of_things(self, *, drawn: bool) -> float:
        """Weight of things in the similarities of a gallery of drawn pictures, or of another one."""
        return self.drawn_thing_weight if drawn else self.thing_weight

    @property
    def searches_things(self) -> bool:
        """Whether search codes say which thing a picture shows."""
        return self.things > 0 and self.thing_size > 0


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All settings of a model's networks and of its training; `image_size` and `width` scale every layer of D.1.

    Attributes:
        name: the preset's name.
        domains: names of X and Y, as clients write them.
        reader: which reader of `model.data` reads the published form of its data.
        system: what is trained on the data; the settings of IIAE's objective and codes are for IIAE only.
        sketch: settings of a sketch model (D.2); None for an image model (D.1).
        fully_connected: whether D.1 has the fully connected layers that the paper uses for Cars only.
        lam: the paper's lambda, weight of the information preference.
        reconstruction_weight: multiplies every log-likelihood (D.3).
        batch_size: pairs per step.
        annealing: a0; the KLs to the priors are multiplied by 1 - exp(-step / a0).
        image_size: side of the pictures in pixels; a multiple of 32 for D.1.
        width: multiplies every channel count of D.1; 1 is the paper.
        zs_size: channels of the zs map before `width`, or dimensions of a zs vector.
        zx_size: dimensions of zx and of zy.
        dropout: dropout rate of D.1's decoders, in training only.
        fc_channels: channels, before `width`, of the first map of the Cars decoder; its side is `image_size` / 32.
        learning_rate: of Adam, or of plain gradient descent for sketch models with affine encoders.
        betas: Adam's.
    """

    name: str
    domains: tuple[str, str]
    reader: Reader
    system: SystemName = "iiae"
    sketch: SketchInput | None = None
    fully_connected: bool = False
    lam: float
    reconstruction_weight: float
    batch_size: int
    annealing: float
    image_size: int = 256
    width: float = 1.0
    zs_size: int = 128
    zx_size: int = 8
    dropout: float = 0.5
    fc_channels: int = 4096
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in RANGES:
                check_range(name, value)
        if self.sketch is None and self.image_size % 32:
            raise ValueError(f"image_size is {self.image_size}; it must be a multiple of 32")
        if self.system != "iiae" and (self.sketch is not None or self.image_size & (self.image_size - 1)):
            raise ValueError(
                f"{self.system} needs pictures whose side is a power of two; image_size is {self.image_size}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it must be at least 0 and below 1")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {self.betas}; both must be at least 0 and below 1")
        if not all(1 <= len(domain) <= LONGEST_NAME for domain in self.domains):
            raise ValueError(f"a domain's name must have 1 to {LONGEST_NAME} characters")
        if self.domains[0] == self.domains[1]:
            raise ValueError(f"both domains are called {self.domains[0]!r}; give them different names")

    @property
    def likelihood(self) -> Literal["laplace", "gaussian"]:
        """The form of p(x|zx, zs): Laplace for pixels, Gaussian for features."""
        return "laplace" if self.sketch is None else "gaussian"

    @property
    def distance(self) -> Distance:
        """How retrieval compares search codes."""
        if self.sketch is None:
            return "l2"
        return "inner_product" if self.sketch.searches_things else "cosine"

    @property
    def searches_things(self) -> bool:
        """Whether search codes say which thing a picture shows."""
        return self.sketch is not None and self.sketch.searches_things

    @property
    def search_size(self) -> int:
        """Length of a search code: a flattened zs, and the part for things if there is one."""
        things = self.sketch.thing_size if self.sketch is not None and self.sketch.searches_things else 0
        return math.prod(self.shared_shape) + things

    def require_sketch(self) -> SketchInput:
        """Return the settings of a sketch model.

        Raises:
            ValueError: the preset describes an image model.
        """
        if self.sketch is None:
            raise ValueError(f"preset {self.name} describes an image model; use a preset of a sketch model")
        return self.sketch

    def channels(self, printed: int) -> int:
        """Return a printed channel count at this width, at least 4."""
        return max(4, round(printed * self.width))

    @property
    def zs_map_size(self) -> int:
        """Side of the zs map of D.1: `image_size` / 32."""
        return self.image_size // 32

    @property
    def shared_shape(self) -> tuple[int, ...]:
        """Shape of one zs: (channels, size/32, size/32) for D.1, (size,) with FC layers and for D.2."""
        if self.sketch is not None:
            return (self.zs_size,)
        if self.fully_connected:
            return (self.channels(self.zs_size),)
        return (self.channels(self.zs_size), self.zs_map_size, self.zs_map_size)


# fmt: off
PRESETS: dict[str, Preset] = {preset.name: preset for preset in (
    #                          X, Y                         published form       lambda       reconstruction                 batch           a0
    Preset(name="mnist-cdcb", domains=("cd", "cb"),         reader="mnist-cdcb", lam=5.0,     reconstruction_weight=1_000.0,  batch_size=8,   annealing=25_000.0),
    Preset(name="cars",       domains=("front", "turned"),  reader="cars",       lam=50.0,    reconstruction_weight=1_000.0,  batch_size=8,   annealing=100.0,   fully_connected=True),
    Preset(name="facades",    domains=("photo", "label"),   reader="paired",     lam=1_000.0, reconstruction_weight=1_000.0,  batch_size=8,   annealing=25_000.0),
    Preset(name="maps",       domains=("satellite", "map"), reader="paired",     lam=50.0,    reconstruction_weight=20_000.0, batch_size=8,   annealing=25_000.0),
    # The shipped model: D.2 with affine encoders of zs that start at principal components (`linear_start`).
    Preset(name="sketchy",    domains=("photo", "sketch"),  reader="sketchy",    lam=2.0,     reconstruction_weight=10.0,     batch_size=100, annealing=2_000.0,
           sketch=SketchInput(encoders="linear_each", feature_size=1024, thing_size=128), zs_size=384, zx_size=64, image_size=224, learning_rate=1e-5),
    # D.2 as printed
    Preset(name="sketchy-printed", domains=("photo", "sketch"), reader="sketchy", lam=2.0,    reconstruction_weight=10.0,     batch_size=100, annealing=2_000.0,
           sketch=SketchInput(encoders="printed"),     zs_size=64,  zx_size=64, image_size=224),
)}
# fmt: on
