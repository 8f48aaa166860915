"""The form of a backbone that answers: batch norms folded into the convolutions, in bfloat16 where the device computes in it."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.sketch.backbones import Backbone


def serving_form(backbone: Backbone, device: torch.device) -> Backbone:
    """A copy that gives the same features but for rounding, and cannot be trained."""
    quick = copy.deepcopy(backbone).eval().requires_grad_(False)
    for owner in list(quick.modules()):
        for conv, norm in getattr(owner, "NORMED", ()):
            if hasattr(owner, conv):
                setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm)))
                setattr(owner, norm, nn.Identity())
    quick.network.quicken(precision(device))
    formed: Backbone = quick.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has it, its stubs do not
    return formed


def precision(device: torch.device) -> torch.dtype:
    """bfloat16 where it is computed with rather than emulated."""
    has = (
        torch.cpu._is_avx512_bf16_supported()
        if device.type == "cpu"
        else device.type == "cuda" and torch.cuda.is_bf16_supported()
    )
    return torch.bfloat16 if has else torch.float32
