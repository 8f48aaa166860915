"""Pixels to the features that D.2 takes: an EfficientNet-Lite that photos and sketches share, ending in one FC layer."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.sketch.efficientnet import FEATURES, IMAGENET_CLASSES, EfficientNetLite


class Backbone(nn.Module):
    """A network by its name and a linear layer to `feature_size`; initialised at random.

    Where it is `mirrored`, features in evaluation mode are the mean over a picture and its mirror image. Where it is
    `classified`, the last layer is also fed what ImageNet's classifier says of the picture.
    """

    def __init__(
        self, name: str, feature_size: int, *, mirrored: bool = False, classified: bool = False
    ) -> None:
        super().__init__()
        self.mirrored = mirrored
        self.network = EfficientNetLite(name)
        self.classifier = nn.Linear(FEATURES, IMAGENET_CLASSES) if classified else None
        self.feature = nn.Linear(FEATURES + (IMAGENET_CLASSES if classified else 0), feature_size)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b feature"]:
        features: Tensor = self.feature(self.descriptor(self.pooled(pixels)))
        return features

    def pooled(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1280"]:
        """What the network's pooling gives, in the last layer's precision."""
        precise = self.feature.weight.dtype
        pooled: Tensor = self.network(pixels).to(precise)
        if not self.mirrored or self.training:
            return pooled
        mirrored: Tensor = self.network(pixels.flip(-1)).to(precise)
        return (pooled + mirrored) / 2

    def descriptor(self, pooled: Float[Tensor, "b 1280"]) -> Float[Tensor, "b descriptor"]:
        """What the last layer takes. Where there is a classifier, its shares stand beside the pooled features, and of both the
        square root is taken, so that a strong channel, or a sure class, does not outweigh all others (Perronnin et al., 2010)."""
        if self.classifier is None:
            return pooled
        return torch.cat([pooled, self.classifier(pooled).softmax(-1)], -1).sqrt()
