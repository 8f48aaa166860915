"""Depthwise convolution with a fast gradient of 5x5 kernels in bfloat16 on CPUs.

oneDNN's bfloat16 gradient of such kernels is slow. With the weights' gradient in float32, forward and
backward take a quarter to a half of the time (`python -m benchmarks.depthwise`). 3x3 kernels gain nothing.
The ordinary convolution serves 3x3 kernels, other devices and other precisions.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import FunctionCtx

SMALL = 3
"""Largest kernel side for which oneDNN's bfloat16 gradient is fast."""


class _Bfloat16OnCpu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, inputs: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.stride, ctx.padding = stride, padding  # type: ignore[attr-defined]  # as torch documents
        return F.conv2d(inputs, weight, stride=stride, padding=padding, groups=inputs.shape[1])

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        inputs, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        stride, padding = ctx.stride, ctx.padding  # type: ignore[attr-defined]
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        shape = [stride, stride], [padding, padding], [1, 1], False, [0, 0], inputs.shape[1]
        input_gradient = torch.ops.aten.convolution_backward(
            gradient, inputs, weight, None, *shape, [True, False, False]
        )[0]
        weight_gradient = torch.ops.aten.convolution_backward(
            gradient.float(), inputs.float(), weight.float(), None, *shape, [False, True, False]
        )[1]
        return input_gradient, weight_gradient.to(weight.dtype), None, None


def depthwise(
    inputs: Float[Tensor, "b c h w"], weight: Float[Tensor, "c 1 k k"], stride: int, padding: int = 0
) -> Float[Tensor, "b c h2 w2"]:
    """Convolve each channel with its own kernel; pad every side with `padding` zeros."""
    if (
        weight.shape[-1] > SMALL
        and torch.is_autocast_enabled("cpu")
        and inputs.device.type == "cpu"
        and weight.requires_grad
    ):
        outputs: Tensor = _Bfloat16OnCpu.apply(inputs.bfloat16(), weight.bfloat16(), stride, padding)
        return outputs
    return F.conv2d(inputs, weight, stride=stride, padding=padding, groups=inputs.shape[1])
