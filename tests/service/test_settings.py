"""Settings that contradict each other are refused."""

import pytest
from limits import parse

from service.settings import Settings


def test_all_uploads_together_need_room_for_one():
    Settings(max_upload_mb=16, held_mb=16)
    with pytest.raises(ValueError, match="IIAE_HELD_MB=15 "):
        Settings(max_upload_mb=16, held_mb=15)


def test_limits_are_a_number_and_a_time():
    for text in ("20/second", "1/5 seconds", "600/minute", "100000/day"):
        assert Settings(rate_limit=text, quota=text).rate_limit == text
        assert parse(text).amount > 0
    for text in (
        "",
        "20",
        "0/second",
        "-1/second",
        "20/fortnight",
        "20/second;5/day",
        "1e3/day",
        "20 / second",
    ):
        with pytest.raises(ValueError, match="is not a limit"):
            Settings(rate_limit=text)
        with pytest.raises(ValueError, match="is not a limit"):
            Settings(quota=text)
