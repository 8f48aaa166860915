"""Batch norm's statistics for averaged weights."""

from dataclasses import replace

import pytest
import torch

from model.data.synthetic import SyntheticPairs
from model.iiae import IIAE
from model.presets import PRESETS
from model.training.averaging import NORM_BATCHES, estimate_statistics

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125, batch_size=4, dropout=0.0)


@pytest.mark.parametrize("statistics_of", ["both_codes", "shared_code"])
def test_statistics_are_the_mean_of_training_batches(statistics_of):
    """A hook collects the means of the first norm's inputs, for comparison with its running mean."""
    torch.manual_seed(0)
    iiae = IIAE(PRESET)
    outputs: list[torch.Tensor] = []
    first, norm = iiae.p["y"].deconvs[:2]
    norm.running_mean.fill_(100.0)
    first.register_forward_hook(lambda layer, given, output: outputs.append(output.mean((0, 2, 3))))
    estimate_statistics(iiae, SyntheticPairs(16, 32), 0, 7, statistics_of)
    decodings = 1 if statistics_of == "both_codes" else 2
    assert len(outputs) == decodings * NORM_BATCHES
    expected = torch.stack(outputs[decodings - 1 :: decodings]).mean(0)
    torch.testing.assert_close(norm.running_mean, expected, rtol=1e-4, atol=1e-6)
    assert norm.momentum == 0.1


def test_the_step_chooses_the_batches():
    def statistics(step):
        torch.manual_seed(0)
        iiae = IIAE(PRESET)
        estimate_statistics(iiae, SyntheticPairs(16, 32), 0, step, "both_codes")
        return iiae.fe["x"][1].running_mean

    assert torch.equal(statistics(1), statistics(1))
    assert not torch.equal(statistics(1), statistics(2))
