"""What answers requests that name no model and no gallery: it changes only when somebody chooses."""

import pytest
from serving import Server, png, publish_sketch, publish_tiny


@pytest.fixture(scope="module")
def own_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home, "m-tiny")
    publish_sketch(home)
    return home


@pytest.fixture(scope="module")
def server(own_home):
    running = Server(own_home).ready()
    yield running
    running.stop()


def defaults(client, kind: str) -> dict[str, str]:
    """The default models or galleries by capability, and a check that the list begins with them."""
    listed = client.get(f"/{kind}").json()[kind]
    flags = [bool(each["default_for"]) for each in listed]
    assert flags == sorted(flags, reverse=True)
    return {
        capability: each.get("id", each.get("name")) for each in listed for capability in each["default_for"]
    }


def translated_by(client) -> str:
    answer = client.post("/translate", files={"image": png()})
    assert answer.status_code == 200, answer.text
    return answer.json()["model"]


def test_a_published_model_changes_no_answers_until_it_is_chosen(server, own_home):
    client = server.client
    before = translated_by(client)
    publish_tiny(own_home, "a-cars5")
    client.post("/models/reload").raise_for_status()
    assert (translated_by(client), defaults(client, "models")["translate"]) == (before, before)
    chosen = client.put("/models/a-cars5/default")
    assert chosen.json()["default_for"] == ["analogy", "embed", "translate"]
    assert (translated_by(client), defaults(client, "models")["translate"]) == ("a-cars5", "a-cars5")
    sketches = client.put("/models/drawn/default").json()  # it cannot translate
    assert sketches["default_for"] == ["embed"]
    assert (translated_by(client), defaults(client, "models")["embed"]) == ("a-cars5", "drawn")
    replica = Server(own_home).ready()
    try:
        assert translated_by(replica.client) == "a-cars5"
    finally:
        replica.stop()
    assert client.put("/models/nothing/default").json()["code"] == "model_not_found"


def test_a_new_gallery_changes_no_answers_until_it_is_chosen(server, own_home):
    client = server.client

    def searched() -> str:
        answer = client.post("/sbir/search", files={"sketch": png()})
        assert answer.status_code == 200, answer.text
        return answer.json()["gallery"]

    def create(name: str, model: str = "drawn") -> None:
        client.post("/galleries", json={"name": name, "model": model}).raise_for_status()

    create("m-first")
    assert (defaults(client, "galleries"), searched()) == ({}, "m-first")
    create("a-second")
    assert (searched(), defaults(client, "galleries")) == ("m-first", {"sbir": "m-first"})
    assert client.put("/galleries/a-second/default").json()["default_for"] == ["retrieve", "sbir"]
    assert searched() == "a-second"
    create("a-images", "m-tiny")
    assert client.put("/galleries/a-images/default").json()["default_for"] == ["retrieve"]
    assert (searched(), defaults(client, "galleries")) == (
        "a-second",
        {"sbir": "a-second", "retrieve": "a-images"},
    )
    replica = Server(own_home).ready()
    try:
        assert replica.client.post("/sbir/search", files={"sketch": png()}).json()["gallery"] == "a-second"
    finally:
        replica.stop()
    client.delete("/galleries/a-second").raise_for_status()
    assert searched() == "m-first"
    assert client.put("/galleries/nothing/default").json()["code"] == "gallery_not_found"


def test_a_setting_cannot_be_overruled(home):
    server = Server(home, IIAE_DEFAULT_MODEL="tiny", IIAE_DEFAULT_GALLERY="fixed").ready()
    try:
        client = server.client
        client.post("/galleries", json={"name": "fixed", "model": "drawn"}).raise_for_status()
        assert defaults(client, "galleries") == {"retrieve": "fixed", "sbir": "fixed"}
        assert defaults(client, "models")["translate"] == "tiny"
        for path in ("/models/tiny/default", "/galleries/fixed/default"):
            answer = client.put(path)
            assert (answer.status_code, answer.json()["code"]) == (409, "default_fixed"), answer.text
        client.delete("/galleries/fixed").raise_for_status()
    finally:
        server.stop()
