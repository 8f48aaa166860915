"""Pooled features of pictures, computed in batches."""

import pytest
import torch
from small_sketch import noise_pictures

from model.sketch.backbone import features
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.backbone.features import pooled_features


@pytest.mark.parametrize("batch", [3, 32])
def test_features_are_the_backbones_for_each_picture_in_order(weights, monkeypatch, batch):
    monkeypatch.setattr(features, "BATCH", batch)
    monkeypatch.setattr("model.sketch.backbone.serving_form.precision", lambda device: torch.float32)
    backbone, pictures = Backbone(weights[0], 8).eval(), noise_pictures(8)
    backbone.load_network(imagenet_weights(*weights))
    pooled = pooled_features(backbone, pictures)
    assert pooled.shape == (8, 1280)
    with torch.no_grad():
        one_by_one = torch.cat([backbone.pooled(pixels) for pixels in pictures.batches(1)])
    torch.testing.assert_close(pooled, one_by_one, rtol=1e-3, atol=1e-5)
    assert (one_by_one[0] - one_by_one[1]).abs().max() > 1e-3
