"""The backbone with the heads of fine-tuning: its start, its outputs, what is trained and what is saved."""

import pytest
import torch
from torch import nn

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.fine_tuning.heads import BackboneWithHeads


def test_it_starts_with_imagenets_logits_and_a_projection_of_the_same_features(weights):
    imagenet = imagenet_weights(*weights)
    backbone = Backbone(weights[0], 8)
    model = BackboneWithHeads(backbone, imagenet, 3).eval()
    pixels = torch.randn(2, 3, 32, 32)
    reference = Backbone(weights[0], 8).eval()
    reference.load_network(imagenet)
    with torch.no_grad():
        projected, logits = model(pixels)
        pooled = reference.pooled(pixels)
    torch.testing.assert_close(logits, pooled @ imagenet["_fc.weight"].T + imagenet["_fc.bias"])
    weight = model.projection.weight.detach()
    torch.testing.assert_close(projected, pooled @ weight.T)
    torch.testing.assert_close(weight @ weight.T, torch.eye(512), rtol=0, atol=1e-4)
    assert model.classes.shape == (3, 512)


def test_all_parameters_but_the_backbones_linear_layer_are_trained(weights):
    backbone = Backbone(weights[0], 8)
    model = BackboneWithHeads(backbone, imagenet_weights(*weights), 3)
    left_out = {id(parameter) for parameter in backbone.feature.parameters()}
    trained = [id(parameter) for parameter in model.trained_parameters()]
    assert len(trained) == len(set(trained))
    assert set(trained) == {id(parameter) for parameter in model.parameters()} - left_out


def test_training_keeps_batch_norms_in_evaluation_mode(weights):
    model = BackboneWithHeads(Backbone(weights[0], 8), imagenet_weights(*weights), 3).train()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert model.training
    assert norms
    assert not any(norm.training for norm in norms)


def test_layers_that_are_fitted_later_may_change_before_a_resume(weights):
    imagenet = imagenet_weights(*weights)
    saved = BackboneWithHeads(Backbone(weights[0], 8, classified=True), imagenet, 3).trained_state()
    resumed = BackboneWithHeads(
        Backbone(weights[0], 16, classified=True, things=5, thing_size=4), imagenet, 3
    )
    before = {key: value.clone() for key, value in resumed.state_dict().items()}
    resumed.load_trained_state(saved)
    after = resumed.state_dict()
    assert all(torch.equal(after[key], saved[key]) for key in saved)
    layers = {key.split(".")[1] for key in after if key not in saved}
    assert layers == {"classifier", "feature", "thing_classifier", "thing_projection"}
    assert all(torch.equal(after[key], before[key]) for key in after if key not in saved)


def test_a_state_that_also_has_the_layers_fitted_later_is_loaded_without_them(weights):
    imagenet = imagenet_weights(*weights)
    whole = BackboneWithHeads(Backbone(weights[0], 8), imagenet, 3).state_dict()
    resumed = BackboneWithHeads(Backbone(weights[0], 16), imagenet, 3)
    resumed.load_trained_state(whole)
    assert torch.equal(resumed.classes, whole["classes"])
    assert resumed.backbone.feature.out_features == 16


def test_a_state_of_other_classes_or_without_a_part_is_refused(weights):
    imagenet = imagenet_weights(*weights)
    saved = BackboneWithHeads(Backbone(weights[0], 8), imagenet, 3).trained_state()
    other = BackboneWithHeads(Backbone(weights[0], 8), imagenet, 4)
    with pytest.raises(ValueError, match="other classes"):
        other.load_trained_state(saved)
    del saved["classes"]
    with pytest.raises(ValueError, match="another network"):
        BackboneWithHeads(Backbone(weights[0], 8), imagenet, 3).load_trained_state(saved)
