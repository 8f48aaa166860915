"""Which emoji show a thing."""

import pytest

from benchmarks.shared.openmoji import thing_name


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("1F431", "cat face"),
        ("2602-FE0F", "umbrella"),
        ("1F431-200D-1F680", None),  # a combination
        ("0041", None),  # a letter
        ("2197", None),  # an arrow
        ("1F1E6", None),  # half of a flag
        ("1F550", None),  # a clock face
    ],
)
def test_only_things_have_a_name(stem, name):
    assert thing_name(stem) == name
