"""Short forms of all chaos trials. Promises are asserted. Time limits are loose: tests share a machine."""

import pytest

from benchmarks.chaos.catalogue import SCENARIOS
from benchmarks.chaos.report import line
from benchmarks.chaos.trial import Trial


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_service_keeps_its_promises(tmp_path, name):
    rows = SCENARIOS[name](Trial(tmp_path, seconds=2, seed=0, patience=20))
    assert rows
    broken = [line(row) for row in rows if row.ok is False]
    assert not broken, "\n".join(broken)
