"""The descriptor that a backbone's linear layer takes."""

import torch

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import imagenet_weights


def test_the_descriptor_is_the_root_of_pooled_features_and_class_probabilities(weights):
    backbone, plain = Backbone(weights[0], 8, classified=True).eval(), Backbone(weights[0], 8).eval()
    imagenet = imagenet_weights(*weights)
    backbone.load_classifier(imagenet)
    pooled = torch.rand(3, 1280)
    with torch.no_grad():
        descriptor = backbone.descriptor(pooled)
    probabilities = (pooled @ imagenet["_fc.weight"].T + imagenet["_fc.bias"]).softmax(1)
    torch.testing.assert_close(descriptor**2, torch.cat([pooled, probabilities], 1))
    assert backbone.feature.in_features == 2280
    assert plain.feature.in_features == 1280
    assert plain.descriptor(pooled) is pooled


def test_the_probabilities_of_things_follow_those_of_imagenets_classes(weights):
    backbone = Backbone(weights[0], 8, classified=True, things=5).eval()
    pooled = torch.rand(3, 1280)
    with torch.no_grad():
        descriptor = backbone.descriptor(pooled)
        assert backbone.thing_classifier is not None
        probabilities = backbone.thing_classifier(pooled).softmax(1)
        assert backbone.feature(descriptor).shape == (3, 8)
    torch.testing.assert_close(descriptor[:, 2280:] ** 2, probabilities)
    assert backbone.feature.in_features == 2285
