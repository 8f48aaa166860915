"""Every benchmark still starts. People run them by hand and rarely, so nothing else would notice."""

from importlib import import_module
from pathlib import Path

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
