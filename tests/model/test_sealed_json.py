"""A document that was changed by one byte does not match its checksum."""

import json

import pytest

from model.sealed_json import seal, unseal

DOCUMENT = {"a": 1, "b": [1.5, None, "ö"], "c": {"d": True}}


def test_a_sealed_document_is_read_back():
    text = json.dumps(seal(DOCUMENT)).encode()
    assert unseal(text) == DOCUMENT


def test_spaces_and_the_order_of_keys_do_not_matter():
    sealed = seal(DOCUMENT)
    backwards = dict(reversed(sealed.items()))
    assert unseal(json.dumps(backwards, indent=3, ensure_ascii=False).encode()) == DOCUMENT


def test_the_checksum_is_the_last_key_and_is_replaced():
    sealed = seal({"checksum": "old", **DOCUMENT})
    assert list(sealed) == ["a", "b", "c", "checksum"]
    assert sealed == seal(DOCUMENT)


def test_no_change_of_one_byte_goes_unnoticed():
    text = json.dumps(seal(DOCUMENT), separators=(",", ":"), ensure_ascii=False).encode()
    for place in range(len(text)):
        for byte in {0, ord("0"), ord('"'), text[place] ^ 1, text[place] ^ 32, text[place] ^ 128}:
            changed = text[:place] + bytes([byte]) + text[place + 1 :]
            if changed != text:
                with pytest.raises(ValueError):
                    unseal(changed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "EOF"),
        (b"[1]", "object"),
        (b'{"a": 1}', "no checksum"),
        (b'{"a": NaN}', "expected value"),
        (b"[" * 100_000, "recursion"),
        (b'{"a":' * 100_000, "recursion"),
    ],
)
def test_other_text_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        unseal(text)


def test_a_document_without_a_checksum_can_be_accepted():
    assert unseal(b'{"a": 1}', known={"a", "b"}) == {"a": 1}


def test_a_damaged_key_of_the_checksum_is_not_taken_for_a_document_without_one():
    damaged = json.dumps(seal({"a": 1})).replace("checksum", "cheaksum").encode()
    with pytest.raises(ValueError, match="no checksum, and an unknown key 'cheaksum'"):
        unseal(damaged, known={"a"})
