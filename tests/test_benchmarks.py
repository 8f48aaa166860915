"""Every benchmark still starts. People run them by hand and rarely, so nothing else would notice."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

MODULES = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_benchmark_imports_and_documents_its_command(name):
    module = import_module(f"benchmarks.{name}")
    assert f"python -m benchmarks.{name}" in (module.__doc__ or "")


def test_only_requests_for_new_pictures_send_different_pictures():
    from benchmarks.http_requests import kinds

    for kind in kinds("openmoji"):
        first, second = next(kind.pictures), next(kind.pictures)
        assert (first != second) == ("new" in kind.name)


def test_busy_neighbour_sends_a_new_drawing_each_time_and_measures_training_steps(capsys):
    import json

    from benchmarks.busy_neighbour import drawing, print_steps

    assert len({drawing(number) for number in range(5)}) == 5
    assert drawing(1) == drawing(1)
    print_steps(1)
    [seconds] = json.loads(capsys.readouterr().out)
    assert seconds > 0


def test_probes_find_what_codes_hold_and_nothing_else():
    import torch

    from benchmarks.sketch_probes import class_probe, domain_probe, instance_probe
    from model.sketch.feature_pairs import LabelledFeatures

    generator = torch.Generator().manual_seed(0)
    labels = np.repeat(np.arange(5), 40)
    classes = torch.eye(5)[torch.from_numpy(labels)]
    noise = torch.randn(2, len(labels), 5, generator=generator)

    def codes(values: torch.Tensor) -> LabelledFeatures:
        return LabelledFeatures(values, labels)

    holds, lacks = codes(classes + 0.1 * noise[0]), codes(noise[0])
    assert class_probe(holds) == class_probe(holds, codes(classes)) == 1
    assert class_probe(lacks) < 0.4
    many = codes(torch.randn(len(labels), 300, generator=generator))
    assert class_probe(many) < 0.4  # a probe judged on what it was fitted to would be right
    assert domain_probe(lacks, codes(noise[1] + 3)) > 0.95
    assert domain_probe(lacks, codes(noise[1])) < 0.65
    assert instance_probe(lacks, classes + noise[0] @ torch.randn(5, 7, generator=generator)[:, :5]) > 0.95
    assert instance_probe(lacks, noise[1]) < 0.1


def test_emoji_show_what_their_names_say():
    from benchmarks.shared.emoji import shown_by

    names = ["cat", "cat grinning", "bell pepper", "teddy bear", "bear", "railway car", "scar"]
    right = shown_by(names, ["cat", "bell", "bear", "car"])
    assert [[name for name, shown in zip(names, row, strict=True) if shown] for row in right.tolist()] == [
        ["cat", "cat grinning"],
        [],
        ["bear"],
        ["railway car"],
    ]


def test_first_hits_are_graded_by_the_curve_of_their_kind_and_a_photo_does_not_find_itself():
    import torch

    from benchmarks.sketch_grades import first_hits
    from model.manifest import Manifest
    from model.presets import PRESETS
    from model.sketch.calibration import Calibration

    curves = {"x": Calibration(1.0, -9.0), "drawn_y": Calibration(9.0, -4.5, strong=0.9, possible=0.5)}
    manifest = Manifest(
        name="some",
        version="1",
        preset=PRESETS["sketchy"],
        trained_on="nothing",
        terms="none",
        command="a test",
        seed=0,
        data_fingerprint="0",
        weights_sha256="0" * 64,
        calibration=curves,
    )
    codes = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    same = torch.eye(3).bool()
    grades, right = first_hits(manifest, ("doodles", "emoji", "drawn_y", codes[:2], codes[1:], same[:2, 1:]))
    assert (grades, right.tolist()) == (["possible", "strong"], [False, True])
    grades, right = first_hits(manifest, ("photos", "photos", "x", codes, codes, same))
    assert (grades, right.tolist()) == (["weak"] * 3, [False] * 3)
    grades, _ = first_hits(manifest, ("sketches", "photos", "y", codes[:1], codes, same[:1]))
    assert grades == [None]


def test_emoji_are_the_demos_pictures_with_their_names():
    from benchmarks.shared.emoji import emoji_pictures
    from service.demo.things import SHIPPED

    paths, names = emoji_pictures(SHIPPED)
    shown = dict(zip(paths, names, strict=True))
    assert len(paths) == 1360
    assert {shown[SHIPPED / kind / "1F408.webp"] for kind in ("fluent", "openmoji")} == {"cat"}
    assert shown[SHIPPED / "openmoji" / "1F436.webp"] == "dog"  # dog face
