"""pix2pix, BicycleGAN and CdDN over HTTP: each does what it can, and the 4xx of the rest says why."""

import pytest
from serving import Server, png

from benchmarks.shared.tiny_models import publish_system
from model.baselines.systems import SYSTEMS


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    home = tmp_path_factory.mktemp("systems")
    for system in SYSTEMS:
        publish_system(home, system)
    running = Server(home).ready()
    yield running.client
    running.stop()


def send(client, path, model, image=1, **more):
    files = {"image": png(image)} | more.pop("files", {})
    return client.post(path, files=files, data={"model": model} | more)


def problem(answer):
    return answer.status_code, answer.json()["detail"]


def test_models_list_what_they_can_do(client):
    found = {
        model["id"]: model["capabilities"]
        for model in client.get("/models").json()["models"]
        if model["id"] in SYSTEMS
    }
    assert found == {
        "pix2pix": ["translate"],
        "bicyclegan": ["styles", "translate"],
        "cddn": ["analogy", "embed", "retrieve", "styles", "translate"],
    }


@pytest.mark.parametrize("model", SYSTEMS)
def test_every_system_translates_both_ways(client, model):
    for source, target in (("photo", "label"), ("label", "photo")):
        answer = send(client, "/translate", model, source=source).json()
        assert (answer["target"], len(answer["images"])) == (target, 1)
    first, again = (send(client, "/translate", model, seed="3").json()["images"] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("model", ["bicyclegan", "cddn"])
def test_styles_are_sampled_or_taken_from_a_reference(client, model):
    images = send(client, "/translate", model, samples="3", seed="5").json()["images"]
    assert [image["seed"] for image in images] == [5, 6, 7]
    assert len({image["data"] for image in images}) == 3
    answers = [
        send(client, "/translate", model, files={"reference": png(reference)}).json()["images"]
        for reference in (7, 8)
    ]
    assert [len(images) for images in answers] == [1, 1]
    if model == "bicyclegan":  # untrained, CdDN's exclusive codes are too small to be seen
        assert answers[0] != answers[1]


def test_pix2pix_has_one_translation_and_no_style(client):
    [image] = send(client, "/translate", "pix2pix").json()["images"]
    assert image["seed"] is None
    status, detail = problem(send(client, "/translate", "pix2pix", samples="2"))
    assert status == 422 and "one translation" in detail
    status, detail = problem(send(client, "/translate", "pix2pix", files={"reference": png(2)}))
    assert status == 422 and "does not have the capability 'styles'" in detail


@pytest.mark.parametrize("model", ["pix2pix", "bicyclegan"])
@pytest.mark.parametrize("path", ["/analogy", "/embed"])
def test_what_a_system_cannot_do_is_refused_by_name(client, model, path):
    more = {"files": {"reference": png(2)}} if path == "/analogy" else {}
    status, detail = problem(send(client, path, model, **more))
    assert status == 422
    assert f"'{path[1:]}'" in detail and "it has" in detail


def test_cddn_combines_pictures_and_searches_across_domains(client):
    assert send(client, "/analogy", "cddn", files={"reference": png(2)}).status_code == 200
    assert send(client, "/embed", "cddn", kind="exclusive").json()["shape"] == [8]
    made = client.post("/galleries", json={"name": "pictures", "model": "cddn", "domain": "photo"})
    assert made.status_code == 201
    for number in range(4):
        client.post("/galleries/pictures/photos", files={"image": png(number)}).raise_for_status()
    asked = {"gallery": "pictures", "source": "label", "k": "2"}
    answer = client.post("/retrieve", files={"image": png(2)}, data=asked).json()
    hits = answer["hits"]
    assert len(hits) == 2
    assert hits[0]["score"] >= hits[1]["score"]


def test_a_gallery_needs_codes_that_can_be_searched(client):
    refused = client.post("/galleries", json={"name": "none", "model": "pix2pix", "domain": "photo"})
    assert refused.status_code == 422
