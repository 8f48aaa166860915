"""The state of the network and the heads."""

import pytest
import torch

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.fine_tuning.heads import BackboneWithHeads


def test_layers_that_are_fitted_later_may_change_before_a_resume(weights):
    imagenet = imagenet_weights(*weights)
    saved = BackboneWithHeads(Backbone(weights[0], 8, classified=True), imagenet, 3).trained_state()
    resumed = BackboneWithHeads(Backbone(weights[0], 16, classified=True, things=5), imagenet, 3)
    before = {key: value.clone() for key, value in resumed.state_dict().items()}
    resumed.load_trained_state(saved)
    after = resumed.state_dict()
    assert all(torch.equal(after[key], saved[key]) for key in saved)
    assert {key for key in after if key not in saved} == {
        f"backbone.{layer}.{part}"
        for layer in ("classifier", "feature", "thing_classifier")
        for part in ("weight", "bias")
    }
    assert all(torch.equal(after[key], before[key]) for key in after if key not in saved)


def test_a_state_of_other_classes_or_without_a_part_is_refused(weights):
    imagenet = imagenet_weights(*weights)
    saved = BackboneWithHeads(Backbone(weights[0], 8), imagenet, 3).trained_state()
    other = BackboneWithHeads(Backbone(weights[0], 8), imagenet, 4)
    with pytest.raises(ValueError, match="other classes"):
        other.load_trained_state(saved)
    del saved["classes"]
    with pytest.raises(ValueError, match="another network"):
        BackboneWithHeads(Backbone(weights[0], 8), imagenet, 3).load_trained_state(saved)
