"""Which key allows which operation."""

from types import SimpleNamespace

import pytest

from service.errors import KeyMissing, KeyRefused
from service.http.security import READ, WRITE, check_key
from service.settings import Settings

PUBLIC, READING, WRITING = (SimpleNamespace(dependencies=found) for found in ([], READ, WRITE))


def services(tmp_path, **keys: str) -> SimpleNamespace:
    return SimpleNamespace(settings=Settings(home=tmp_path, **keys))


@pytest.mark.parametrize(
    ("key", "reading", "writing"),
    [
        (None, KeyMissing, KeyMissing),
        ("", KeyRefused, KeyRefused),
        ("reader", KeyRefused, KeyRefused),
        ("reader-1", None, KeyRefused),
        ("reader-2", None, KeyRefused),
        ("admin-1", None, None),
        ("schlüssel", None, None),
    ],
)
def test_keys_allow_to_read_and_administrators_keys_to_write(tmp_path, key, reading, writing):
    keyed = services(tmp_path, api_keys="reader-1,reader-2", admin_keys="admin-1,schlüssel")
    check_key(PUBLIC, keyed, key)
    for route, error in ((READING, reading), (WRITING, writing)):
        if error is None:
            check_key(route, keyed, key)
        else:
            with pytest.raises(error):
                check_key(route, keyed, key)


def test_a_service_without_keys_requires_none(tmp_path):
    for key in (None, "any"):
        check_key(WRITING, services(tmp_path), key)


def test_without_administrators_keys_nothing_can_be_written(tmp_path):
    with pytest.raises(KeyRefused, match="administrator"):
        check_key(WRITING, services(tmp_path, api_keys="reader"), "reader")
