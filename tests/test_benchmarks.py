"""Benchmarks are run by hand, and seldom; that they can still be begun is seen here."""

from importlib import import_module
from pathlib import Path

import pytest

MODULES = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_every_benchmark_can_be_imported_and_says_how_it_is_run(name):
    module = import_module(f"benchmarks.{name}")
    assert f"python -m benchmarks.{name}" in (module.__doc__ or "")


def test_requests_have_pictures_that_differ():
    from benchmarks.http_requests import kinds

    for kind in kinds("openmoji"):
        first, second = next(kind.pictures), next(kind.pictures)
        assert (first != second) == ("new" in kind.name)
