"""Problem responses to unknown paths, unreadable bodies and bodies of the wrong kind."""

import pytest
from serving import png


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/galleries/nothing", 404, "gallery_not_found"),
        ("GET", "/galleries/noise/photos/9999", 404, "photo_not_found"),
        ("GET", "/galleries/noise/photos/x", 422, "parameter_invalid"),
        ("GET", "/galleries/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("GET", "/models/Nothing", 422, "name_invalid"),
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/models", 405, "method_not_allowed"),
        ("GET", "/static/../../pyproject.toml", 404, "not_found"),
    ],
)
def test_unknown_paths_and_names_get_problems(client, gallery, method, path, status, code):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/galleries", "GET, HEAD, POST"),
        ("/galleries/noise/reindex", "DELETE, GET, HEAD, POST"),
        ("/translate", "POST"),
        ("/static/index.html", "GET, HEAD"),
    ],
)
def test_an_unsupported_method_gets_all_methods_of_the_path(client, path, methods):
    answer = client.request("PUT", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


JSON, FORM = "application/json", "multipart/form-data"

WRONG_BODIES = {
    "a JSON body": ("/translate", {"json": {"image": "x"}}, "image", FORM),
    "a picture as the body": (
        "/translate",
        {"content": png(), "headers": {"Content-Type": "image/png"}},
        "image",
        FORM,
    ),
    "a text part": ("/translate", {"files": {"image": (None, "x")}}, "image", FORM),
    "an encoded form": ("/sbir/search", {"data": {"sketch": "x"}}, "sketch", FORM),
    "no body": ("/analogy", {}, "reference", FORM),
    "an optional text part": (
        "/translate",
        {"files": {"image": png(), "reference": (None, "x")}},
        "reference.0",
        FORM,
    ),
    "a text part among files": (
        "/galleries/noise/photos",
        {"files": [("image", png()), ("image", (None, "x"))]},
        "image.1",
        FORM,
    ),
    "half a JSON object": (
        "/galleries",
        {"content": b"{", "headers": {"Content-Type": JSON}},
        "body",
        "JSON object",
    ),
    "a list": ("/galleries", {"json": []}, "body", "JSON object"),
    "JSON sent as text": (
        "/galleries",
        {"content": b'{"name": "x", "model": "tiny"}', "headers": {"Content-Type": "text/plain"}},
        "body",
        JSON,
    ),
    "a form": ("/galleries", {"data": {"name": "x"}}, "body", JSON),
}


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_body_of_the_wrong_kind_is_refused_with_instructions(client, gallery, name):
    path, request, field, expected = WRONG_BODIES[name]
    answer = client.post(path, **request)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
    messages = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert expected in messages[field], messages
    assert messages[field] in answer.json()["detail"]
    assert "<class" not in answer.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/galleries", "application/json"),
        ("/embed", "multipart/form-data; boundary=b"),
        ("/embed", "multipart/form-data"),
    ],
)
def test_an_unreadable_body_is_refused_with_the_expected_media_type(client, path, kind):
    answer = client.post(path, content=b"\xff", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert kind.split(";")[0] in answer.json()["detail"]
