"""The objectives against the paper's equations."""

from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model import objective
from model.iiae import IIAE
from model.objective import NEEDS_SHARED_DECODING, OBJECTIVES, Terms, statistics_of
from model.presets import PRESETS

numbers = st.floats(-1e3, 1e3).map(lambda value: torch.tensor(value, dtype=torch.float64))
some_terms = st.builds(Terms, **{field.name: numbers for field in fields(Terms)})


@given(some_terms, st.floats(0, 1e3))
def test_iiae_is_elbo_plus_lambda_times_the_preference(t, lam):
    torch.testing.assert_close(
        objective.iiae(t, lam), objective.elbo(t) + lam * objective.preference(t), rtol=1e-9, atol=1e-6
    )


@given(some_terms)
def test_elbo_is_reconstruction_minus_three_divergences(t):
    assert objective.elbo(t).item() == pytest.approx(
        (t.log_px + t.log_py - (t.kl_zx + t.kl_zy + t.kl_zs)).item()
    )


@given(some_terms, st.floats(0, 1e3))
def test_ablations_are_those_of_table_6(t, lam):
    assert OBJECTIVES["ii"](t, lam) == objective.interaction(t)
    assert OBJECTIVES["ii-mi"](t, lam) == objective.preference(t)
    assert OBJECTIVES["elbo"](t, lam) == objective.elbo(t)
    assert OBJECTIVES["elbo+ii"](t, lam).item() == pytest.approx(
        (objective.elbo(t) + lam * objective.interaction(t)).item()
    )


@given(some_terms)
def test_interaction_uses_the_likelihood_given_zs_alone(t):
    assert objective.interaction(t) == t.log_px_zs + t.log_py_zs - t.kl_rx - t.kl_ry
    with pytest.raises(ValueError, match="from_shared"):
        objective.interaction(replace(t, log_px_zs=None))


@given(some_terms, st.floats(0, 1))
def test_annealing_scales_the_three_prior_kls_only(t, a):
    annealed = t.annealed(a)
    for field in fields(Terms):
        factor = a if field.name in {"kl_zx", "kl_zy", "kl_zs"} else 1
        assert getattr(annealed, field.name).item() == pytest.approx(factor * getattr(t, field.name).item())


@pytest.mark.parametrize(("name", "power"), [("facades", 1), ("sketchy", 2)])
def test_likelihood_is_minus_the_weighted_mean_error(name, power):
    preset = PRESETS[name]
    inputs, mean = torch.rand(2, 5, 7).unbind()
    expected = -preset.reconstruction_weight * ((inputs - mean).abs() ** power).mean()
    torch.testing.assert_close(objective.log_likelihood(preset, inputs, mean), expected)


def test_every_weight_gets_a_gradient():
    preset = replace(PRESETS["facades"], image_size=32, width=0.125)
    iiae = IIAE(preset)
    x, y = torch.rand(2, 4, 3, 32, 32).unbind()
    t = objective.terms(preset, x, y, iiae(x, y, torch.Generator().manual_seed(0)))
    assert t.log_px_zs is None
    objective.iiae(t, preset.lam).backward()
    without = [name for name, p in iiae.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_batch_norms_take_the_statistics_of_the_decoding_used_at_test_time():
    """`ii` trains decoding from zs alone only; every other objective trains decoding from both codes."""
    decodings = {name: statistics_of(name) for name in OBJECTIVES}
    assert decodings.pop("ii") == "shared_code"
    assert set(decodings.values()) == {"both_codes"}
    assert all(name in NEEDS_SHARED_DECODING for name in OBJECTIVES if statistics_of(name) == "shared_code")
