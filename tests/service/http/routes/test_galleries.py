"""Routes of galleries."""

import pytest


@pytest.mark.parametrize(
    ("new", "status", "code"),
    [
        ({"name": "noise", "model": "drawn"}, 409, "gallery_exists"),
        ({"name": "../x", "model": "drawn"}, 422, "name_invalid"),
        ({"name": "x", "model": "nothing"}, 404, "model_not_found"),
        ({"name": "x", "model": "drawn", "domain": "label"}, 422, "domain_unknown"),
        ({"name": "x"}, 422, "parameter_invalid"),
    ],
)
def test_invalid_galleries_are_not_created(client, gallery, new, status, code):
    answer = client.post("/galleries", json=new)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
