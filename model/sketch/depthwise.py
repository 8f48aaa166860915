"""Depthwise convolution whose weights' gradient is taken in float32 where its kernel is 5x5: in bfloat16 that takes oneDNN far longer.

`python -m benchmarks.depthwise` has the measurement: a quarter to a half of the time of forward and backward. 3x3 kernels gain
nothing. For them, and elsewhere than in bfloat16 on a CPU, it is the ordinary convolution.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import FunctionCtx

SMALL = 3
"""Side of the kernels that oneDNN's bfloat16 gradient is quick for."""


class _Bfloat16OnCpu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, inputs: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.stride, ctx.padding = stride, padding  # type: ignore[attr-defined]  # autograd's documented way
        return F.conv2d(inputs, weight, stride=stride, padding=padding, groups=inputs.shape[1])

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        inputs, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        stride, padding = ctx.stride, ctx.padding  # type: ignore[attr-defined]
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        shape = [stride, stride], [padding, padding], [1, 1], False, [0, 0], inputs.shape[1]
        of_inputs = torch.ops.aten.convolution_backward(
            gradient, inputs, weight, None, *shape, [True, False, False]
        )[0]
        of_weight = torch.ops.aten.convolution_backward(
            gradient.float(), inputs.float(), weight.float(), None, *shape, [False, True, False]
        )[1]
        return of_inputs, of_weight.to(weight.dtype), None, None


def depthwise(
    inputs: Float[Tensor, "b c h w"], weight: Float[Tensor, "c 1 k k"], stride: int, padding: int = 0
) -> Float[Tensor, "b c h2 w2"]:
    """Each channel with its own kernel; `padding` zeros on every side."""
    if (
        weight.shape[-1] > SMALL
        and torch.is_autocast_enabled("cpu")
        and inputs.device.type == "cpu"
        and weight.requires_grad
    ):
        outputs: Tensor = _Bfloat16OnCpu.apply(inputs.bfloat16(), weight.bfloat16(), stride, padding)
        return outputs
    return F.conv2d(inputs, weight, stride=stride, padding=padding, groups=inputs.shape[1])
