"""Bodies that cannot be parsed are refused with instructions."""

import pytest
from serving import png

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 60_000, "nested too deeply"),
        (b'{"name": ' + b"9" * 60_000 + b"}", "too many digits"),
        ('{"name": "ü", "model": "m"}'.encode("latin-1"), "not UTF-8"),
        ('{"name": "a", "model": "m"}'.encode("utf-16"), "not UTF-8"),
    ],
    ids=["deep", "long number", "Latin-1", "UTF-16"],
)
def test_json_that_python_cannot_read_is_refused(client, body, reason):
    answer = client.post("/galleries", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert reason in answer.json()["detail"]
    assert len(answer.content) < 1000


def test_json_may_start_with_a_byte_order_mark(client):
    body = '{"name": "a", "model": "nothing"}'.encode("utf-8-sig")
    assert client.post("/galleries", content=body, headers=JSON).json()["code"] == "model_not_found"


def test_large_json_is_refused(client):
    answer = client.post("/galleries", content=b"[" + b"1," * 40_000 + b"1]", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert "65,536 bytes" in answer.json()["detail"]


def test_a_form_in_another_charset_is_refused_with_instructions(client):
    body = b'--b\r\nContent-Disposition: form-data; name="gallery"\r\n\r\na\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b; charset=punycode"}
    answer = client.post("/sbir/search", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert "multipart/form-data: Content-Type has a charset other than UTF-8" in answer.json()["detail"]


def test_too_many_files_are_refused_by_the_operation_that_knows_its_limit(client):
    for count, code in ((9, "parameter_invalid"), (40, "body_unreadable")):
        answer = client.post("/sbir/search", files=[("sketch", ("a.png", png()))] * count)
        assert answer.json()["code"] == code, answer.text
