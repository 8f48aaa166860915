"""Keys as a deployment sets them: a mistake stops the service, and no message shows a key."""

import pytest

from service.api_keys import parse_keys
from service.settings import Settings

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


def test_keys_have_names():
    keys = parse_keys(f"{KEY}, mobile-app:{OTHER}", "IIAE_API_KEYS", "key")
    assert [(key.name, key.value.get_secret_value()) for key in keys] == [
        ("key-1", KEY),
        ("mobile-app", OTHER),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "IIAE_API_KEYS is set but empty"),
        (" ", "IIAE_API_KEYS is set but empty"),
        (",", "key 1 of IIAE_API_KEYS is empty"),
        (f"{KEY},", "key 2 of IIAE_API_KEYS is empty"),
        (f",{KEY}", "key 1 of IIAE_API_KEYS is empty"),
        (f"{KEY},,{OTHER}", "key 2 of IIAE_API_KEYS is empty"),
        ("name:", "key 1 of IIAE_API_KEYS is empty"),
        (f":{KEY}", "has an invalid name"),
        (f"a b:{KEY}", "has an invalid name"),
        (f"a:b:{KEY}", "has an invalid name"),
        (f"{'a' * 65}:{KEY}", "has an invalid name"),
        ("0123456789abcde", "fewer than 16 characters"),
        ("name:0123456789", "fewer than 16 characters"),
        ("0123456789 abcdef", "a character other than"),
        ("0123456789\tabcdef", "a character other than"),
        ("0123456789\x00abcdef", "a character other than"),
        ("0123456789\r\nabcdef", "a character other than"),
        ("0123456789abcdéf", "a character other than"),
        ("7f0c…7f0c7f0c7f0c7f0c", "a character other than"),
        ('"0123456789abcdef"', "a character other than"),
        ("$(openssl rand -hex 24)", "a character other than"),
        (f"{KEY};{OTHER}", "a character other than"),
        (f"{KEY},{KEY}", "key-1 and key-2 of IIAE_API_KEYS and IIAE_ADMIN_KEYS are equal"),
        (f"a:{KEY},a:{OTHER}", "two API keys have the name a"),
        (f"key-2:{KEY},{OTHER}", "two API keys have the name key-2"),
    ],
)
def test_malformed_keys_are_refused_and_not_shown(text, message):
    with pytest.raises(ValueError, match=message) as refused:
        Settings(api_keys=text)
    for part in (KEY, OTHER, "0123456789"):
        assert part not in str(refused.value)


def test_a_key_is_in_one_list_only():
    with pytest.raises(ValueError, match=r"the keys key-1 and admin-1 .* are equal"):
        Settings(api_keys=KEY, admin_keys=KEY)


def test_empty_administrators_keys_are_refused_too():
    with pytest.raises(ValueError, match="IIAE_ADMIN_KEYS is set but empty"):
        Settings(api_keys=KEY, admin_keys="")


def test_keys_of_settings_are_not_printed():
    settings = Settings(api_keys=KEY, admin_keys=OTHER)
    for text in (repr(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert KEY not in text
        assert OTHER not in text
    with pytest.raises(ValueError) as refused:  # an error of another field
        Settings(api_keys=KEY, held_mb=1)
    assert KEY not in str(refused.value)
