"""The start of the exclusive codes in the recipe `small`."""

from dataclasses import replace

import pytest
import torch

from model.iiae import IIAE
from model.presets import PRESETS
from model.training.recipe import START_LOG_VAR, start_exclusive_codes


def flat_colours(size):
    return torch.rand(64, 3, 1, 1).mul(2).sub(1).expand(-1, -1, size, size)


@pytest.mark.parametrize("size", [32, 64])
def test_exclusive_codes_start_above_their_noise(size):
    """The means must spread above sigma over pictures; below it, zs takes up exclusive information."""
    torch.manual_seed(0)
    iiae = IIAE(replace(PRESETS["mnist-cdcb"], image_size=size, width=0.375))
    ratios = {}
    for name in ("paper", "small"):
        if name == "small":
            start_exclusive_codes(iiae)
        q_zx = iiae.exclusive("x", flat_colours(size))
        sigma = q_zx.log_var.mul(0.5).exp().mean()
        ratios[name] = (q_zx.mean.std(0).mean() / sigma).item()
    torch.testing.assert_close(q_zx.log_var, torch.full_like(q_zx.log_var, START_LOG_VAR))
    assert ratios["paper"] < 1 < 3 < ratios["small"]


def test_a_new_model_has_torchs_usual_start():
    """The paper has no special start: the last layer's weights are uniform within 1 / sqrt(inputs)."""
    iiae = IIAE(replace(PRESETS["facades"], image_size=32, width=0.125))
    for encoder in iiae.q_z.values():
        last = encoder[-1]
        bound = last.in_features**-0.5
        assert last.weight.abs().max() <= bound
        assert last.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert last.bias.abs().max() <= bound
