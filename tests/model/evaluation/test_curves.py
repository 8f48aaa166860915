"""The curves of a run: a panel per group of terms, from the log in its folder."""

import numpy as np
import pytest

from model.evaluation import curves as module
from model.evaluation.curves import HEIGHT, CurvesError, curves, panels_of, run_scalars
from model.training.scalar_log import METRICS

STEPS = list(range(50, 550, 50))
TERMS = ("log_px", "log_py", "kl_zx", "kl_zy", "kl_zs", "kl_rx", "kl_ry")
FIGURES = ("top1_shared_xy", "top1_exclusive_xy", "pairs", "validation")


def run(names=(*TERMS, *FIGURES), factor=1.0):
    return {name: (STEPS, [factor * (index + 1) for index in range(len(STEPS))]) for name in names}


def titles(*runs):
    return [panel.title for panel in panels_of(runs)]


@pytest.mark.parametrize("rows", ["", "50,pairs,100\n50,validation,0.5\n", "²,kl_zs,1\n"])
def test_a_log_without_curves_says_so(tmp_path, rows):
    (tmp_path / METRICS).write_text(f"step,name,value\n{rows}")
    with pytest.raises(CurvesError, match="nothing to draw yet"):
        run_scalars(tmp_path)


def test_damaged_rows_are_left_out(tmp_path):
    (tmp_path / METRICS).write_bytes(
        b'step,name,value\n50,kl_zs,1\n\xff\xfe,"\n100,kl_zs,2\n' + b"x" * 200_000
    )
    assert run_scalars(tmp_path) == {"kl_zs": ([50, 100], [1.0, 2.0])}


def test_a_runs_name_may_have_any_letters():
    curves({"a $ b $": run(("kl_zs",))})


def test_each_group_of_terms_has_a_panel():
    groups = {panel.title.split(":")[0]: panel.names for panel in panels_of([run()])}
    assert groups == {
        "Reconstruction": ("log_px", "log_py"),
        "KL of the exclusive codes to their prior": ("kl_zx", "kl_zy"),
        "KL of the shared code to its prior": ("kl_zs",),
        "Preference": ("kl_rx", "kl_ry"),
        "Validation": ("top1_shared_xy", "top1_exclusive_xy"),
    }


def test_a_compared_systems_terms_have_a_panel_each_for_both_directions():
    names = ("gan_from_x", "gan_from_y", "autoencoder_x", "shared", "l1_from_x", "l1_from_y", "validation")
    panels = panels_of([run(names)])
    assert [panel.names for panel in panels] == [
        ("gan_from_x", "gan_from_y"),
        ("autoencoder_x",),
        ("shared",),
        ("l1_from_x", "l1_from_y"),
    ]
    assert panels[-1].title == "Validation: translations"


def test_a_second_run_stands_beside_the_first_with_equal_axes():
    """Doubled values are further up in the second column, which has the same axis."""
    one, two = run(("kl_zs",)), run(("kl_zs",), factor=100.0)
    drawn = np.asarray(curves({"one": one, "two": two})).astype(int)
    line = (drawn[..., 2] - drawn[..., 0] > 90) & (drawn[..., 2] > 150)  # matplotlib's first colour, C0
    half = drawn.shape[1] // 2
    first, second = (np.flatnonzero(part.any(1)).mean() for part in (line[:, :half], line[:, half:]))
    assert first > second + 20


def test_a_name_that_one_run_has_is_a_panel_of_both():
    both = titles(run(("kl_zs",)), run(("gan_from_x",)))
    assert both == ["Loss: gan", "KL of the shared code to its prior"]
    curves({"one": run(("kl_zs",)), "two": run(("gan_from_x",))})


@pytest.mark.parametrize(("names", "rows"), [(("kl_zs",), 1), (TERMS, 2), ((*TERMS, *FIGURES), 3)])
def test_the_picture_grows_by_two_panels_a_row(names, rows):
    assert curves({"one": run(names)}).height == pytest.approx((rows * HEIGHT + 0.6) * module.DPI, abs=1)


def test_values_that_are_no_numbers_or_zero_are_left_out(recwarn):
    values = {"kl_zs": ([1, 2, 3], [0.0, float("nan"), 2.0])}
    assert (np.asarray(curves({"one": values})) < 255).any()
    assert not recwarn.list


def test_a_folder_without_a_log_is_named(tmp_path):
    with pytest.raises(CurvesError, match=rf"runs.*has no {METRICS}"):
        run_scalars(tmp_path / "runs")
    (tmp_path / METRICS).write_text("step,name,value\n")
    with pytest.raises(CurvesError, match="has no"):
        run_scalars(tmp_path)


@pytest.mark.parametrize("folder", ["", "iiae"])
def test_the_log_of_a_sketch_models_run_is_in_a_folder_of_it(tmp_path, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / METRICS).write_text("step,name,value\n50,kl_zs,2.5\n100,kl_zs,3\n")
    assert run_scalars(tmp_path) == {"kl_zs": ([50, 100], [2.5, 3.0])}


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(CurvesError, match=r"matplotlib.*pip install 'iiae\[train\]'"):
        curves({"one": run()})
