"""A backbone's form for serving: batch norms folded into convolutions, and bfloat16 where supported."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.sketch.backbone.backbone import Backbone


def serving_form(backbone: Backbone, device: torch.device) -> Backbone:
    """Return a copy on `device` that computes the same features up to rounding, but cannot be trained."""
    serving = copy.deepcopy(backbone).eval().requires_grad_(False)
    for owner in list(serving.modules()):
        for conv, norm in getattr(owner, "NORMED", ()):
            if hasattr(owner, conv):
                setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm)))
                setattr(owner, norm, nn.Identity())
    serving.network.convert(precision(device))
    moved: Backbone = serving.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return moved


def precision(device: torch.device) -> torch.dtype:
    """bfloat16 if the device computes in it natively, float32 otherwise."""
    native = (
        torch.cpu._is_avx512_bf16_supported()
        if device.type == "cpu"
        else device.type == "cuda" and torch.cuda.is_bf16_supported()
    )
    return torch.bfloat16 if native else torch.float32
