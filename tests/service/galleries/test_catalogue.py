"""Galleries as the service uses them: several at once, damaged ones among them, and removals while photos are added."""

import asyncio
import gc
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from asgi import Exchange
from fastapi import FastAPI
from serving import png

from service.errors import GalleryReindexed, PhotoNotFound
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery, GallerySpec
from service.http import exception_handlers
from service.http.routes.galleries import router
from service.images.decode import Upload
from service.inference.workers import Workers
from service.settings import Settings

DAMAGED = "a-damaged"


def catalogue(root) -> Catalogue:
    """Over a model and an embedder that know nothing."""
    inference = SimpleNamespace(capabilities={"sbir", "retrieve"})
    model = SimpleNamespace(
        id="m", digest="d", inference=inference, side=lambda domain: "x", require=lambda capability: None
    )

    class Embedder:
        async def shared(self, *_: object) -> np.ndarray:
            return np.ones(4, np.float32)

    registry = SimpleNamespace(get=lambda name, capability: model, models=lambda: [model])
    return Catalogue(
        galleries=Galleries(root),
        registry=registry,
        embedder=Embedder(),
        workers=Workers(max_waiting=9),
        max_pixels=10_000,
    )  # type: ignore[arg-type]


def make(root, name: str = "g") -> Gallery:
    return Galleries(root).create(
        name, GallerySpec(model="m", digest="d", domain="photo", distance="cosine", dim=4)
    )


def test_what_is_removed_while_it_is_added_is_still_answered(tmp_path, monkeypatch):
    gallery, parts, uploads = make(tmp_path), catalogue(tmp_path), [Upload.of(png(seed)) for seed in range(3)]
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


def test_what_meets_a_switch_of_embeddings_is_begun_again_and_not_for_ever(tmp_path, monkeypatch):
    make(tmp_path)
    known, switches = Gallery.known, []

    def meets_a_switch(self, digests):
        if switches.pop():
            raise GalleryReindexed("it has other embeddings now")
        return known(self, digests)

    monkeypatch.setattr(Gallery, "known", meets_a_switch)
    switches[:] = [False, True, True]
    assert len(asyncio.run(catalogue(tmp_path).add("g", [Upload.of(png())], None, {}))) == 1
    switches[:] = [True] * 9
    with pytest.raises(GalleryReindexed):
        asyncio.run(catalogue(tmp_path).add("g", [Upload.of(png(1))], None, {}))
    assert len(switches) == 6


def photo_sent(parts: Catalogue, **headers: str) -> Exchange:
    """What is answered who asks for the first photo of `g`."""
    app = FastAPI()
    app.include_router(router)
    exception_handlers.install(app)
    app.state.services = SimpleNamespace(catalogue=parts, settings=Settings())
    return asyncio.run(Exchange(path="/galleries/g/photos/1", headers=headers).through(app))


def test_a_picture_that_vanishes_before_it_is_opened_is_not_found(tmp_path, monkeypatch):
    gallery, parts = make(tmp_path), catalogue(tmp_path)
    asyncio.run(parts.add("g", [Upload.of(png())], None, {}))
    where = Gallery.picture_path

    def vanishing(self, photo):
        path = where(self, photo)
        gallery.remove(photo.id)
        return path

    monkeypatch.setattr(Gallery, "picture_path", vanishing)
    answer = photo_sent(parts)
    assert answer.status == 404
    assert b'"photo_not_found"' in answer.body


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=10-19"}])
def test_a_picture_that_vanishes_once_it_is_found_is_sent(tmp_path, monkeypatch, headers):
    gallery, parts = make(tmp_path), catalogue(tmp_path)
    asyncio.run(parts.add("g", [Upload.of(png())], None, {}))
    find = Catalogue.picture

    async def vanishing(self, name, photo_id, *, small):
        found = await find(self, name, photo_id, small=small)
        gallery.remove(photo_id)
        return found

    monkeypatch.setattr(Catalogue, "picture", vanishing)
    answer = photo_sent(parts, **headers)
    assert answer.body == (png()[10:20] if headers else png())
    assert answer.answered_headers["content-length"] == str(len(answer.body))


@pytest.mark.filterwarnings("error")  # Python warns of files that nobody closed
@pytest.mark.parametrize(
    "headers", [{}, {"range": "bytes=0-3"}, {"range": "bytes=999999-"}, {"if-none-match": ""}]
)
def test_every_picture_is_closed(tmp_path, headers):
    make(tmp_path)
    parts, upload = catalogue(tmp_path), Upload.of(png())
    asyncio.run(parts.add("g", [upload], None, {}))
    if "if-none-match" in headers:
        headers = {"if-none-match": f'"{upload.sha256}-full"'}
    answer = photo_sent(parts, **headers)
    assert answer.status in (200, 206, 304, 416)
    gc.collect()


def test_the_picture_stands_in_for_a_lost_thumbnail(tmp_path):
    gallery, parts = make(tmp_path), catalogue(tmp_path)
    kept = asyncio.run(parts.add("g", [Upload.of(png())], None, {}))[0]
    assert asyncio.run(parts.picture("g", kept.id, small=True))[2] == "image/webp"
    gallery.thumbnail_path(kept).unlink()
    assert asyncio.run(parts.picture("g", kept.id, small=True))[2] == "image/png"
    gallery.picture_path(kept).unlink()
    with pytest.raises(PhotoNotFound, match="no longer"):
        asyncio.run(parts.picture("g", kept.id, small=True))


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
