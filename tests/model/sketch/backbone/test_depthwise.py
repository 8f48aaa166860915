"""The gradients in bfloat16 equal those of the ordinary convolution in float32."""

import pytest
import torch
import torch.nn.functional as F

from model.sketch.backbone.depthwise import depthwise


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (5, 1, 2), (3, 2, 0), (5, 2, 0)])
def test_gradients_in_bfloat16_equal_the_convolutions_in_float32(kernel, stride, padding):
    torch.manual_seed(0)
    inputs, weight = torch.randn(4, 24, 13, 11), torch.randn(24, 1, kernel, kernel)
    inputs, weight = inputs.bfloat16().float().requires_grad_(), weight.bfloat16().float().requires_grad_()
    expected = F.conv2d(inputs, weight, stride=stride, padding=padding, groups=24)
    expected_gradients = torch.autograd.grad(expected.square().sum(), (inputs, weight))
    with torch.autocast("cpu", torch.bfloat16):
        outputs = depthwise(inputs, weight, stride, padding)
    assert outputs.dtype == torch.bfloat16
    torch.testing.assert_close(outputs.float(), expected, rtol=2e-2, atol=2e-1)
    gradients = torch.autograd.grad(outputs.float().square().sum(), (inputs, weight))
    for gradient, right in zip(gradients, expected_gradients, strict=True):
        assert F.cosine_similarity(gradient.float().flatten(), right.flatten(), dim=0) > 0.999
        assert float(gradient.float().norm()) == pytest.approx(float(right.norm()), rel=2e-2)


def test_without_autocast_it_is_the_ordinary_convolution():
    inputs, weight = torch.randn(2, 8, 9, 9), torch.randn(8, 1, 3, 3)
    torch.testing.assert_close(depthwise(inputs, weight, 2), F.conv2d(inputs, weight, stride=2, groups=8))
