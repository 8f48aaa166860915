"""Pixels to the features that D.2 takes: an EfficientNet-Lite that photos and sketches share, ending in one FC layer."""

from jaxtyping import Float
from torch import Tensor, nn

from model.efficientnet import FEATURES, EfficientNetLite


class Backbone(nn.Module):
    """A network by its name and a linear layer to `feature_size`; initialised at random.

    Where it is `mirrored`, features in evaluation mode are the mean over a picture and its mirror image.
    """

    def __init__(self, name: str, feature_size: int, *, mirrored: bool = False) -> None:
        super().__init__()
        self.mirrored = mirrored
        self.network = EfficientNetLite(name)
        self.feature = nn.Linear(FEATURES, feature_size)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b feature"]:
        features: Tensor = self.feature(self.pooled(pixels))
        return features

    def pooled(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1280"]:
        """What the last layer takes, in its precision."""
        precise = self.feature.weight.dtype
        pooled: Tensor = self.network(pixels).to(precise)
        if not self.mirrored or self.training:
            return pooled
        mirrored: Tensor = self.network(pixels.flip(-1)).to(precise)
        return (pooled + mirrored) / 2
