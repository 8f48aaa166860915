"""The network from pixels to D.2's input features, shared by both domains."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.presets import SketchInput
from model.sketch.backbone.efficientnet import (
    FEATURES,
    IMAGENET_CLASSES,
    EfficientNetLite,
    classifier_state,
    network_state,
)


class Backbone(nn.Module):
    """An EfficientNet-Lite and a linear layer to `feature_size`; initialised at random.

    Args:
        name: a key of `efficientnet.WIDTH_AND_DEPTH`.
        feature_size: size of the output.
        mirrored: in evaluation mode, average the features of a picture and of its mirror image.
        classified: also feed the linear layer with the class probabilities of ImageNet's classifier.
        things: also feed it with the probabilities of a classifier of so many things; 0 for no such
            classifier. Training fits it to the things that it has pictures of.
        thing_size: size of the codes of things (`thing_codes`); 0 for none.
    """

    def __init__(
        self,
        name: str,
        feature_size: int,
        *,
        mirrored: bool = False,
        classified: bool = False,
        things: int = 0,
        thing_size: int = 0,
    ) -> None:
        super().__init__()
        self.mirrored = mirrored
        self.network = EfficientNetLite(name)
        self.classifier = nn.Linear(FEATURES, IMAGENET_CLASSES) if classified else None
        self.thing_classifier = nn.Linear(FEATURES, things) if things else None
        self.thing_projection = nn.Linear(things, thing_size, bias=False) if things and thing_size else None
        probabilities = (IMAGENET_CLASSES if classified else 0) + things
        self.feature = nn.Linear(FEATURES + probabilities, feature_size)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b feature"]:
        features: Tensor = self.feature(self.descriptor(self.pooled(pixels)))
        return features

    def pooled(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1280"]:
        """The network's pooled features, in the precision of the linear layer."""
        dtype = self.feature.weight.dtype
        pooled: Tensor = self.network(pixels).to(dtype)
        if not self.mirrored or self.training:
            return pooled
        mirrored: Tensor = self.network(pixels.flip(-1)).to(dtype)
        return (pooled + mirrored) / 2

    def descriptor(self, pooled: Float[Tensor, "b 1280"]) -> Float[Tensor, "b descriptor"]:
        """The input of the linear layer: the pooled features, or with classifiers also their probabilities.

        With a classifier these are the square roots of the pooled features and of the probabilities. Square
        roots keep a strong channel or a confident class from outweighing the others (Perronnin et al., 2010).
        """
        classifiers = [each for each in (self.classifier, self.thing_classifier) if each is not None]
        if not classifiers:
            return pooled
        return torch.cat([pooled, *(each(pooled).softmax(-1) for each in classifiers)], -1).sqrt()

    def thing_codes(self, pooled: Float[Tensor, "b 1280"]) -> Float[Tensor, "b t"] | None:
        """The probabilities of things, in few dimensions; None without these.

        The inner product of two codes is about the probability that both pictures show the same thing.
        """
        if self.thing_classifier is None or self.thing_projection is None:
            return None
        codes: Tensor = self.thing_projection(self.thing_classifier(pooled).softmax(-1))
        return codes

    def load_network(self, imagenet: dict[str, Tensor]) -> None:
        """Set the network to published ImageNet weights (`efficientnet.imagenet_weights`)."""
        self.network.load_state_dict(network_state(imagenet))

    def load_classifier(self, imagenet: dict[str, Tensor]) -> None:
        """Set the classifier, if there is one, to ImageNet's."""
        if self.classifier is not None:
            self.classifier.load_state_dict(classifier_state(imagenet))


def backbone_for(sketch: SketchInput) -> Backbone:
    """Return the backbone that a preset describes, with random weights."""
    return Backbone(
        sketch.backbone,
        sketch.feature_size,
        mirrored=sketch.mirrored,
        classified=sketch.classified,
        things=sketch.things,
        thing_size=sketch.thing_size,
    )
