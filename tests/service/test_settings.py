"""Settings that contradict each other are refused."""

import pytest

from service.settings import Settings


def test_all_uploads_together_need_room_for_one():
    Settings(max_upload_mb=16, held_mb=16)
    with pytest.raises(ValueError, match="IIAE_HELD_MB=15 "):
        Settings(max_upload_mb=16, held_mb=15)
