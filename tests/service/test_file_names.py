"""File names of any bytes can be printed."""

import os

import pytest

from service.file_names import printable


@pytest.mark.parametrize(
    ("name", "shown"), [(b"plain", "plain"), ("café".encode(), "café"), (b"caf\xe9", "caf\\xe9")]
)
def test_bytes_that_are_not_utf8_become_escapes(name, shown):
    assert printable(os.fsdecode(name)) == shown
