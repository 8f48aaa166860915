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
