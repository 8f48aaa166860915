"""Galleries as the service uses them: several at once, damaged ones among them, and removals while photos are added."""

import asyncio
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from serving import png

from service.galleries import Galleries
from service.gallery import About, Gallery
from service.images import Upload
from service.retrieval import Retrieval
from service.workers import Workers

DAMAGED = "a-damaged"


def retrieval(root) -> Retrieval:
    """Over a model and an embedder that know nothing."""
    inference = SimpleNamespace(capabilities={"sbir", "retrieve"})
    model = SimpleNamespace(id="m", digest="d", inference=inference, side=lambda domain: "x", require=lambda capability: None)

    class Embedder:
        async def shared(self, *_: object) -> np.ndarray:
            return np.ones(4, np.float32)

    registry = SimpleNamespace(get=lambda name, capability: model, models=lambda: [model])
    return Retrieval(galleries=Galleries(root), registry=registry, embedder=Embedder(), workers=Workers(waiting=9), max_pixels=10_000)  # type: ignore[arg-type]


def make(root, name: str = "g") -> Gallery:
    return Galleries(root).create(name, About(model="m", digest="d", domain="photo", distance="cosine", dim=4))


def test_what_is_removed_while_it_is_added_is_still_answered(tmp_path, monkeypatch):
    gallery, parts, uploads = make(tmp_path), retrieval(tmp_path), [Upload.of(png(seed)) for seed in range(3)]
    here = asyncio.run(parts.add("g", uploads[:1], None, {}))[0]
    add = Gallery.add

    def added_and_removed(self, new):
        photos = add(self, new)
        for photo in gallery.page(0, 10):
            gallery.remove(photo.id)
        return photos

    monkeypatch.setattr(Gallery, "add", added_and_removed)
    photos = asyncio.run(parts.add("g", [*uploads, uploads[1]], None, {}))
    assert [photo.sha256 for photo in photos] == [upload.sha256 for upload in [*uploads, uploads[1]]]
    assert photos[0] == here
    assert photos[1] == photos[3]


@pytest.fixture
def damaged(home):
    folder = home / "galleries" / DAMAGED
    folder.mkdir(parents=True)
    (folder / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sound(client):
    client.post("/galleries", json={"name": "b-sound", "model": "drawn"}).raise_for_status()
    yield "b-sound"
    client.delete("/galleries/b-sound")


def test_a_damaged_gallery_is_listed_as_such_and_hides_no_other(client, damaged, sound):
    answer = client.get("/galleries")
    assert answer.status_code == 200, answer.text
    assert sound in [gallery["name"] for gallery in answer.json()["galleries"]]
    assert [gallery["name"] for gallery in answer.json()["damaged"]] == [DAMAGED]
    assert "cannot be read" in answer.json()["damaged"][0]["reason"]
    assert client.get(f"/galleries/{DAMAGED}").json()["code"] == "gallery_damaged"


def test_a_damaged_gallery_is_not_the_one_that_is_searched_unless_told(client, damaged, sound):
    answer = client.post("/sbir/search", files={"sketch": png()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["gallery"] != DAMAGED


def test_a_damaged_gallery_can_be_deleted(client, damaged):
    assert client.delete(f"/galleries/{DAMAGED}").status_code == 204
    assert client.get("/galleries").json()["damaged"] == []
    assert client.delete(f"/galleries/{DAMAGED}").status_code == 404
    assert not damaged.exists()


def test_a_domain_that_is_none_is_not_echoed_at_any_length(client):
    answer = client.post("/translate", files={"image": png()}, data={"model": "tiny", "source": "x" * 10_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "domain_unknown")
    assert len(answer.json()["detail"]) < 300
