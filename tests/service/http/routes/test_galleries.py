"""Routes of galleries."""

import pytest
from serving import png


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


def test_a_gallery_without_its_database_keeps_its_name_and_pictures(client, home):
    """A client that creates its gallery again must not get and later delete the lost pictures."""
    client.post("/galleries", json={"name": "lost", "model": "drawn"}).raise_for_status()
    client.post("/galleries/lost/photos", files={"image": png(3)}).raise_for_status()
    folder = home / "galleries" / "lost"
    for path in folder.glob("gallery.sqlite*"):
        path.unlink()
    assert [each["name"] for each in client.get("/galleries").json()["damaged"]] == ["lost"]
    assert client.get("/galleries/lost").json()["code"] == "gallery_damaged"
    answer = client.post("/galleries", json={"name": "lost", "model": "drawn"})
    assert (answer.status_code, answer.json()["code"]) == (409, "gallery_exists")
    assert "backup" in answer.json()["detail"]
    assert len(list(folder.glob("photos/*/*"))) == 1
    assert client.delete("/galleries/lost").status_code == 204
    assert not folder.exists()
