"""D.3 and D.1/D.2 as data: what sets one experiment of the paper apart from another."""

from dataclasses import dataclass
from typing import Literal

Side = Literal["x", "y"]
QueryKind = Literal["x", "y", "y_expanded"]
"""What is asked with: a photo (X), a sketch (Y), or a sketch that its first hits expand."""
SIDES: tuple[Side, Side] = ("x", "y")


def other(side: Side) -> Side:
    """The opposite domain."""
    return "y" if side == "x" else "x"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All that determines a model's networks and training; every size follows from `image_size` and `width`.

    Attributes:
        name: the preset's name.
        domains: names of X and Y, as clients write them.
        reader: which of `model.data`'s readers takes the published form of its data.
        network: D.1 (`convolutional`), D.1 with the Cars rows (`convolutional_fc`) or D.2 (`perceptron`).
        shared_encoder: D.2's encoders of zs as printed, `linear_each`: an affine map of each domain, or `linear`: one that both share.
        likelihood: `laplace` is weight x mean absolute error, `gaussian` weight x mean squared error.
        distance: what cross-domain retrieval compares means with.
        lam: the paper's lambda, weight of the information preference.
        reconstruction_weight: D.3's, multiplies every log-likelihood.
        annealing: a0; the KLs to the priors are multiplied by 1 - exp(-step / a0).
        image_size: pixels of a side; a multiple of 32 for D.1.
        width: multiplies every channel count; 1 is the paper.
        zs_size: channels of the zs map (times `width`), or the size of a zs vector.
        zx_size: size of zx and of zy.
        dropout: rate of the decoders of D.1, in training only.
        fc_channels: channels of the 8x8 (size/32) map that the Cars decoder's FC layer fills.
        drawings: whether Y's pictures are drawings, which are normalised before anything else (`model.sketch.drawings`).
        backbone: network that turns pixels into D.2's input features; None where the input is the picture.
        feature_size: D.2's input.
        mirrored: whether features are the mean over a picture and its mirror image.
        classified: whether features are also of what ImageNet's classifier says.
    """

    name: str
    domains: tuple[str, str]
    reader: str
    network: Literal["convolutional", "convolutional_fc", "perceptron"] = "convolutional"
    shared_encoder: Literal["printed", "linear_each", "linear"] = "printed"
    likelihood: Literal["laplace", "gaussian"] = "laplace"
    distance: Literal["l2", "cosine"] = "l2"
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
    drawings: bool = False
    backbone: str | None = None
    feature_size: int = 512
    mirrored: bool = False
    classified: bool = False
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)

    def __post_init__(self) -> None:
        if self.network != "perceptron" and (self.image_size % 32 or self.image_size < 32):
            raise ValueError(f"image_size is {self.image_size}; D.1 needs a multiple of 32, at least 32")
        if not 0 < self.width <= 4:
            raise ValueError(f"width is {self.width}; it must be above 0 and at most 4")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it must be at least 0 and below 1")
        if self.domains[0] == self.domains[1]:
            raise ValueError(f"both domains are called {self.domains[0]!r}")

    def channels(self, printed: int) -> int:
        """A printed channel count at this width, at least 4."""
        return max(4, round(printed * self.width))

    @property
    def zs_map_size(self) -> int:
        """Side of the zs map of D.1: `image_size` / 32."""
        return self.image_size // 32

    @property
    def shared_shape(self) -> tuple[int, ...]:
        """Shape of one zs: (channels, size/32, size/32) for D.1, (size,) with FC layers and for D.2."""
        if self.network == "perceptron":
            return (self.zs_size,)
        if self.network == "convolutional_fc":
            return (self.channels(self.zs_size),)
        return (self.channels(self.zs_size), self.zs_map_size, self.zs_map_size)


# fmt: off
PRESETS: dict[str, Preset] = {preset.name: preset for preset in (
    #      D.3                 X, Y                        published form         lambda     reconstruction              batch            a0
    Preset(name="mnist-cdcb", domains=("cd", "cb"),        reader="mnist-cdcb", lam=5.0,     reconstruction_weight=1_000.0,  batch_size=8,   annealing=25_000.0),
    Preset(name="cars",       domains=("front", "turned"), reader="cars",       lam=50.0,    reconstruction_weight=1_000.0,  batch_size=8,   annealing=100.0,   network="convolutional_fc"),
    Preset(name="facades",    domains=("photo", "label"),  reader="paired",     lam=1_000.0, reconstruction_weight=1_000.0,  batch_size=8,   annealing=25_000.0),
    Preset(name="maps",       domains=("satellite", "map"), reader="paired",    lam=50.0,    reconstruction_weight=20_000.0, batch_size=8,   annealing=25_000.0),
    Preset(name="sketchy",    domains=("photo", "sketch"), reader="sketchy",    lam=2.0,     reconstruction_weight=10.0,     batch_size=100, annealing=2_000.0, network="perceptron",
           likelihood="gaussian", distance="cosine", drawings=True, backbone="efficientnet-lite2", mirrored=True, classified=True, zs_size=64, zx_size=64, image_size=224),
)}
# fmt: on
