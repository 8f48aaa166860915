"""Time depthwise convolutions in bfloat16 on one core, forward and backward: ours and PyTorch's.

    python -m benchmarks.depthwise

The shapes are those of EfficientNet-Lite at 160 to 192 pixels, with 32 pictures. Times are CPU times, best of
three.
"""

import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from model.sketch.backbone.depthwise import depthwise

SHAPES = (
    (96, 80, 3, 2),
    (144, 40, 5, 1),
    (144, 40, 5, 2),
    (240, 20, 3, 1),
    (480, 10, 5, 1),
    (672, 10, 5, 1),
    (1152, 5, 5, 1),
)
"""Channels, side, kernel, stride."""
BATCH = 32


def milliseconds(convolve: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, weight: Tensor) -> float:
    times: list[float] = []
    for _ in range(3):
        began = time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            outputs = convolve(inputs, weight)
        torch.autograd.grad(outputs.sum(), (inputs, weight))
        times.append(time.process_time() - began)
    return min(times) * 1000


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(
        "| channels | side | kernel | stride | PyTorch's, ms | ours, ms | ours : PyTorch's |\n"
        "|---|---|---|---|---|---|---|"
    )
    for channels, side, kernel, stride in SHAPES:
        inputs = (
            torch.randn(BATCH, channels, side, side, dtype=torch.bfloat16)
            .contiguous(memory_format=torch.channels_last)
            .requires_grad_()
        )
        weight = torch.randn(channels, 1, kernel, kernel, requires_grad=True)
        theirs = milliseconds(partial(F.conv2d, stride=stride, groups=channels), inputs, weight)
        ours = milliseconds(partial(depthwise, stride=stride), inputs, weight)
        print(
            f"| {channels} | {side} | {kernel} | {stride} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.2f} |"
        )


if __name__ == "__main__":
    main()
