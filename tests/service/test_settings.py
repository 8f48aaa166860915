"""What cannot be meant is refused at the start."""

import pytest

from service.settings import Settings


def test_what_is_held_has_room_for_one_upload():
    Settings(max_upload_mb=16, held_mb=16)
    with pytest.raises(ValueError, match="IIAE_HELD_MB=15 "):
        Settings(max_upload_mb=16, held_mb=15)
