"""Tables of made figures: grouping by seed, means, published figures, and which rows a table has."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.evaluation.report.measured import FiguresFile, Kind, Measured, grouped, kind_of, recorded_options
from model.evaluation.report.page import Drawn, page
from model.evaluation.report.tables import (
    ablation_table,
    fraction,
    lpips_table,
    percent,
    retrieval_table,
    search_table,
    table,
)
from model.manifest import Manifest
from model.presets import PRESETS
from model.storage import FileDamaged

BOTH = {
    "top1_shared_xy": 0.9,
    "top1_shared_yx": 0.8,
    "top1_exclusive_xy": 0.01,
    "top1_exclusive_yx": 0.02,
    "pairs": 100.0,
}
TRANSLATED = {"top1_translated_xy": 0.5, "top1_translated_yx": 0.4, "pairs": 100.0}
LPIPS = {f"lpips_alex{style}_{way}": 0.25 for style in ("", "_sampled", "_reference") for way in ("xy", "yx")}


def measured(figures, *, preset="facades", seed=0, options="", **changes):
    manifest = Manifest(
        name=f"some-{seed}",
        version="1",
        preset=replace(PRESETS[preset], **changes),
        trained_on="made",
        terms="none",
        command=f"iiae train {preset} --steps 100 {options}",
        seed=seed,
        data_fingerprint="0",
        weights_sha256="0" * 64,
    )
    return Measured(manifest, Path("some"), figures)


def rows(table):
    """The cells of a Markdown table, by its heads."""
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()
    )
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_checkpoints_that_differ_by_their_seed_share_a_row():
    found = grouped([measured(BOTH, seed=1), measured(BOTH, seed=0), measured(BOTH, width=0.5)])
    assert sorted(len(group) for group in found.values()) == [1, 2]
    assert [each.manifest.seed for each in found[kind_of(measured(BOTH).manifest)]] == [0, 1]
    assert kind_of(measured(BOTH, options="--objective ii").manifest) == Kind(
        preset="facades",
        image_size=256,
        width=1.0,
        pairs_seen=800,
        system="iiae",
        objective="ii",
        settings=("data 0",),
    )


def test_checkpoints_of_other_settings_do_not_share_a_row():
    """Folders, names and threads may differ; λ may not."""
    same = ["--name a --data b --threads 1", "--threads 2 --name b --data 'c d'"]
    found = grouped([measured(BOTH, options=options) for options in [*same, "--lambda 3"]])
    assert sorted(len(group) for group in found.values()) == [1, 2]


def test_rows_of_other_settings_say_what_differs():
    found = rows(retrieval_table(grouped([measured(BOTH), measured(BOTH, options="--lambda 3")])))
    settings = {row["setting"] for row in found if row["seeds"] == "1"}
    side = "256×256, width 1, trained on 800 pairs"
    assert settings == {side, f"{side}, --lambda 3"}


def test_an_ablation_is_compared_with_the_same_settings_only():
    one = measured(BOTH, options="--recipe small")
    other = measured(BOTH, options="--objective ii")
    found = rows(ablation_table(grouped([one, other])))
    assert [row["objective"] for row in found] == ["II"]


@pytest.mark.parametrize(("pairs", "published"), [(100, "100.0 (1.0)"), (106, "96.2 (.94)"), (50, "")])
def test_facades_published_figures_are_of_the_same_pairs(pairs, published):
    found = rows(retrieval_table(grouped([measured({**BOTH, "pairs": float(pairs)})])))
    assert (found[0]["pairs"], found[0]["paper, X→Y"]) == (str(pairs), published)


def test_cells_cannot_break_the_table():
    assert table(["a"], [["b|c\nd"]]).splitlines()[-1] == "| b\\|c d |"


def test_only_a_leading_zero_is_left_out():
    assert (percent((0.0001, 0.0)), percent((0.0, None)), percent((0.0006, None))) == ("<0.1", "0.0", "0.1")
    assert (fraction((10.5, None)), fraction((0.5, 0.01))) == ("10.500", ".500 ± .010")


def test_options_come_from_the_command_that_trained_the_checkpoint():
    manifest = measured(
        BOTH, options="--trained-on 'a --seed b' --objective ii-mi --half --domains day night"
    ).manifest
    assert recorded_options(manifest) == {
        "--steps": "100",
        "--trained-on": "a --seed b",
        "--objective": "ii-mi",
        "--half": "",
        "--domains": "day night",
    }
    assert kind_of(measured(BOTH, options="--objective=ii").manifest).objective == "ii"


def test_retrieval_has_means_deviations_leakage_and_the_papers_figures():
    seeds = [measured({**BOTH, "top1_shared_xy": share}, seed=n) for n, share in enumerate((0.9, 0.7))]
    others = [measured(TRANSLATED, system="pix2pix"), measured(BOTH, options="--objective ii")]
    ours, compared, *published = rows(retrieval_table(grouped([*seeds, *others])))
    assert (ours["seeds"], ours["X→Y, %"], ours["Y→X, %"]) == (
        "2",
        "80.0 ± 14.1 (1.0 ± 0.0)",
        "80.0 ± 0.0 (2.0 ± 0.0)",
    )
    assert ours["paper, X→Y"] == "100.0 (1.0)"
    assert (compared["system"], compared["X→Y, %"]) == ("pix2pix, by pixels of the translation", "50.0")
    assert compared["paper, X→Y"] == ""
    assert {(row["system"], row["seeds"], row["X→Y, %"]) for row in published} == {
        ("CdDN", "0", "–"),
        ("BicycleGAN", "0", "–"),
    }


def test_lpips_has_the_checkpoints_that_measured_it():
    found = rows(lpips_table(grouped([measured(LPIPS, preset="cars"), measured(BOTH)]), "alex"))
    assert [row["data"] for row in found] == ["cars"]
    assert (found[0]["X→Y, mean style"], found[0]["paper, Y→X"]) == (".250", ".153")
    pixels = {name: value for name, value in LPIPS.items() if "_sampled" not in name}
    assert rows(lpips_table(grouped([measured(pixels)]), "alex"))[0]["X→Y, random styles"] == "–"


def test_ablation_has_the_data_sets_with_ablated_objectives_in_the_papers_order():
    ablated = [measured(BOTH, options=f"--objective {name}") for name in ("ii", "elbo")]
    found = rows(ablation_table(grouped([*ablated, measured(BOTH), measured(BOTH, preset="maps")])))
    assert [row["objective"] for row in found] == ["ELBO + λ(II − MI)", "ELBO", "II"]
    assert {row["data"] for row in found} == {"facades"}
    assert found[2]["paper, mAP of sketch search"] == ".517"
    assert found[0]["leak Y→X"] == "2.0"


def test_sketch_search_names_what_is_compared():
    figures = {f"{prefix}{name}": 0.5 for prefix in ("", "search_") for name in ("map_all", "p_100")}
    sketch = measured(figures, preset="sketchy", options="--unseen sketchy-25")
    found = rows(search_table(grouped([sketch, measured(BOTH)])))
    assert {row["unseen classes"] for row in found} == {"sketchy-25"}
    assert found[0]["mAP@all"] == ".500"
    assert (found[0]["paper, mAP"], found[0]["paper, P@100"]) == (".573", ".659")
    other = measured(figures, preset="sketchy-printed", options="--unseen sketchy-21")
    assert rows(search_table(grouped([other])))[0]["paper, mAP"] == ""
    assert rows(search_table(grouped([other])))[0]["model"] == "sketchy-printed"
    assert found[1]["mAP@all"] == "–"


def test_the_page_leaves_out_empty_tables_and_names_stand_ins():
    maps = replace(measured(BOTH, preset="maps"), stand_in=True)
    text = page([maps], [Drawn("a.png", "Pictures of maps")], limit=100)
    assert "## Retrieval" in text and "LPIPS" not in text
    assert "`maps` are a stand-in" in text and "At most 100 pairs" in text
    assert "| maps (stand-in) | – | DRIT |" in text
    assert "stand-in" not in page([measured(BOTH, preset="maps")], [])
    assert "![Pictures of maps](a.png)" in text


def test_figures_are_kept_in_a_file(tmp_path):
    FiguresFile(tmp_path / "figures.json").put("a", {"x": 0.5})
    again = FiguresFile(tmp_path / "figures.json")
    assert again.get("a") == {"x": 0.5} and again.get("b") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_a_damaged_file_of_figures_says_what_to_do(tmp_path, text):
    (tmp_path / "figures.json").write_text(text)
    with pytest.raises(FileDamaged, match="delete it to measure again"):
        FiguresFile(tmp_path / "figures.json")


@pytest.mark.parametrize("name", ["iiae", "ii", "ii-mi", "elbo", "elbo+ii"])
def test_every_objective_has_a_name(name):
    one = [measured(BOTH, options=f"--objective {name}"), measured(BOTH, options="--objective ii")]
    assert rows(ablation_table(grouped(one)))
