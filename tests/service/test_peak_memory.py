"""A server's memory stays small under small files with large pictures, and comes back."""

from pathlib import Path

import pytest
from serving import Server

from benchmarks.peak_memory import Scenario, blank, measure, resident, search

DECODED_MB = 100


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_blank_sketches_take_no_more_than_the_budget(home):
    """Without the budget, each of the 18 pictures takes some 60 MB until the garbage collector comes."""
    webp = blank(2500, "WEBP", "RGB", lossless=True, method=0)
    settings = {"IIAE_DECODED_MB": str(DECODED_MB), "IIAE_DEADLINE_SECONDS": "120"}
    with Server(home, **settings).ready() as server:
        server.client.post("/galleries", json={"name": "peak", "model": "strokes", "domain": "photo"})
        base = resident(server.process.pid)
        result = measure(server, Scenario("blank", search(webp)), 2)
    assert set(result.statuses) == {422}
    assert result.peak - base < 3 * DECODED_MB
    assert result.after - base < DECODED_MB / 2
