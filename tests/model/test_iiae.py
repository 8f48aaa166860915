"""One pass of the model: which codes depend on what, and batch norm's running statistics."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from model.iiae import IIAE
from model.presets import PRESETS

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125, dropout=0.0)


def test_codes_of_one_domain_ignore_the_other():
    iiae = IIAE(PRESET).eval()
    x, y, other = torch.rand(3, 1, 3, 32, 32).unbind()
    first, second = iiae(x, y), iiae(x, other)
    torch.testing.assert_close(first.rx_zs.mean, second.rx_zs.mean)
    assert not torch.equal(first.ry_zs.mean, second.ry_zs.mean)
    assert not torch.equal(first.q_zs.mean, second.q_zs.mean)


@pytest.mark.parametrize("statistics_of", ["both_codes", "shared_code"])
def test_the_decoders_batch_norms_track_only_the_chosen_decoding(statistics_of):
    """A hook collects the first norm's inputs in both decodings; the running mean is the chosen one's."""
    torch.manual_seed(0)
    iiae = IIAE(PRESET).train()
    x, y = torch.rand(2, 8, 3, 32, 32).unbind()
    inputs: list[torch.Tensor] = []
    first, norm = iiae.p["x"].deconvs[:2]
    first.register_forward_hook(lambda layer, given, output: inputs.append(output.detach()))
    iiae(x, y, torch.Generator().manual_seed(0), from_shared=True, statistics_of=statistics_of)
    means = {
        kind: values.mean((0, 2, 3))
        for kind, values in zip(("both_codes", "shared_code"), inputs, strict=True)
    }
    assert not torch.allclose(means["both_codes"], means["shared_code"])
    torch.testing.assert_close(norm.running_mean, norm.momentum * means[statistics_of])
    assert int(norm.num_batches_tracked) == 1


def test_every_batch_norm_tracks_statistics_after_a_pass():
    iiae = IIAE(PRESET).train()
    x, y = torch.rand(2, 4, 3, 32, 32).unbind()
    iiae(x, y, from_shared=True)
    norms = [module for module in iiae.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert all(norm.track_running_stats for norm in norms)
    assert {int(norm.num_batches_tracked) for norm in norms} == {1}


def test_decoding_from_zs_alone_happens_on_request():
    iiae = IIAE(PRESET).eval()
    x, y = torch.rand(2, 1, 3, 32, 32).unbind()
    assert iiae(x, y).x_bar is None
    out = iiae(x, y, torch.Generator().manual_seed(0), from_shared=True)
    zs = out.q_zs.mean  # not the sample, so only the shape is compared
    assert out.x_bar.shape == iiae.decode("x", torch.zeros(1, 8), zs).shape
    assert not torch.equal(out.x_bar, out.x_hat)
