"""Pixels to the features that D.2 takes: an EfficientNet-Lite that photos and sketches share, ending in one FC layer."""

from jaxtyping import Float
from torch import Tensor, nn

from model.efficientnet import FEATURES, EfficientNetLite


class Backbone(nn.Module):
    """A network by its name and a linear layer to `feature_size`; initialised at random."""

    def __init__(self, name: str, feature_size: int) -> None:
        super().__init__()
        self.network = EfficientNetLite(name)
        self.feature = nn.Linear(FEATURES, feature_size)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b feature"]:
        features: Tensor = self.feature(self.network(pixels))
        return features
