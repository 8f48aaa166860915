"""A backbone's network with the heads that only fine-tuning needs."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import FEATURES, IMAGENET_CLASSES, classifier_state

FITTED_LATER = ("backbone.feature.", "backbone.classifier.", "backbone.thing_")
"""Layers of the backbone that fine-tuning leaves alone."""
PROJECTION = 512
"""Size of the projection that the losses use. The pooled features before it generalise better."""


class BackboneWithHeads(nn.Module):
    """A backbone's network with a projection, class vectors and ImageNet's classifier.

    The network and the classifier start with ImageNet's weights.

    The backbone's linear layer is not trained; `linear_start.init_feature_layer` sets it afterwards.

    Args:
        backbone: its network is trained in place.
        imagenet: published weights, with the classifier.
        classes: number of seen classes.
    """

    def __init__(self, backbone: Backbone, imagenet: dict[str, Tensor], classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.imagenet = nn.Linear(FEATURES, IMAGENET_CLASSES)
        self.projection = nn.Linear(FEATURES, PROJECTION)
        self.classes = nn.Parameter(torch.randn(classes, PROJECTION) * 0.02)
        backbone.load_network(imagenet)
        self.imagenet.load_state_dict(classifier_state(imagenet))
        nn.init.orthogonal_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)

    def trained_parameters(self) -> list[nn.Parameter]:
        """The parameters of the network and the heads."""
        layers = (self.backbone.network, self.imagenet, self.projection)
        return [self.classes, *(parameter for layer in layers for parameter in layer.parameters())]

    def trained_state(self) -> dict[str, Tensor]:
        """The state of the network and the heads, without the layers that are fitted after fine-tuning."""
        state = self.state_dict()
        return {key: value for key, value in state.items() if _is_trained(key)}

    def load_trained_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `trained_state` returned; the layers that are fitted later keep their weights.

        Raises:
            ValueError: the state is of another network, or of other classes.
        """
        trained = {key: value for key, value in state.items() if _is_trained(key)}
        expected = self.trained_state()
        if {key: value.shape for key, value in trained.items()} != {
            key: value.shape for key, value in expected.items()
        }:
            raise ValueError("the state is of another network, or of other classes")
        self.load_state_dict({**self.state_dict(), **trained})

    def train(self, mode: bool = True) -> "BackboneWithHeads":
        """Keep batch norms in evaluation mode, with ImageNet's statistics.

        A batch mixes two domains; its statistics would fit neither domain alone.
        """
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Project [b, 3, h, w] to [b, 512], and return ImageNet's logits [b, 1000]."""
        pooled = self.backbone.network(pixels)
        return self.projection(pooled), self.imagenet(pooled)


def _is_trained(key: str) -> bool:
    return not key.startswith(FITTED_LATER)
