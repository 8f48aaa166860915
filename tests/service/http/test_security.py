"""Which key allows which operation."""

from types import SimpleNamespace

import pytest

from service.errors import KeyMissing, KeyRefused
from service.http.security import READ, WRITE, Caller, check_key, find_caller
from service.settings import Settings

PUBLIC, READING, WRITING = (SimpleNamespace(dependencies=found) for found in ([], READ, WRITE))


def services(tmp_path, **keys: str) -> SimpleNamespace:
    return SimpleNamespace(settings=Settings(home=tmp_path, **keys))


READER, OTHER_READER, ADMIN = "reader-0123456789", "reader-9876543210", "admin-0123456789"


@pytest.mark.parametrize(
    ("key", "reading", "writing"),
    [
        (None, KeyMissing, KeyMissing),
        ("", KeyRefused, KeyRefused),
        ("reader", KeyRefused, KeyRefused),
        (READER, None, KeyRefused),
        (OTHER_READER, None, KeyRefused),
        (f"{READER},{OTHER_READER}", KeyRefused, KeyRefused),
        (f"app:{OTHER_READER}", KeyRefused, KeyRefused),
        (ADMIN, None, None),
        ("schl\xfcssel", KeyRefused, KeyRefused),
        ("\ud800", KeyRefused, KeyRefused),
    ],
)
def test_keys_allow_to_read_and_administrators_keys_to_write(tmp_path, key, reading, writing):
    keyed = services(tmp_path, api_keys=f"{READER},app:{OTHER_READER}", admin_keys=ADMIN)
    check_key(PUBLIC, keyed, key)
    for route, error in ((READING, reading), (WRITING, writing)):
        if error is None:
            check_key(route, keyed, key)
        else:
            with pytest.raises(error):
                check_key(route, keyed, key)


def test_a_caller_is_known_by_the_name_of_its_key(tmp_path):
    settings = services(tmp_path, api_keys=f"{READER},app:{OTHER_READER}", admin_keys=ADMIN).settings
    callers = [find_caller(settings, key) for key in (READER, OTHER_READER, ADMIN, "wrong", None)]
    assert callers == [Caller("key-1", False), Caller("app", False), Caller("admin-1", True), None, None]


def test_a_service_without_keys_requires_none(tmp_path):
    for key in (None, "any"):
        check_key(WRITING, services(tmp_path), key)


def test_without_administrators_keys_nothing_can_be_written(tmp_path):
    with pytest.raises(KeyRefused, match="administrator"):
        check_key(WRITING, services(tmp_path, api_keys=READER), READER)
