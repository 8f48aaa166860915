"""Galleries and photos while several clients use them: decoding, races with removal, damaged galleries."""

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic, sleep
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from asgi import Exchange
from decoding import ahead, decoder
from fastapi import FastAPI
from PIL import ImageFile
from serving import png, publish_tiny

from model.images import decode
from service.cache.embeddings import EmbeddingCache
from service.defaults import Defaults
from service.errors import GalleryReindexed, ImageUnreadable, Overloaded, PhotoNotFound
from service.galleries.adding import Notes
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, NewPhoto, Photo
from service.galleries.threads.pools import GalleryPools
from service.http import exception_handlers
from service.http.routes.photos import router
from service.images.upload import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Batch, Engine
from service.inference.workers import Workers
from service.registry.registry import Registry
from service.settings import Settings

DAMAGED = "a-damaged"


def stub_catalogue(root) -> Catalogue:
    """A catalogue whose model and embedder embed every picture alike."""
    inference = SimpleNamespace(
        capabilities={"sbir", "retrieve"},
        prepare=lambda picture, side: torch.zeros(3, 1, 1),
        smallest_side=lambda side: 96,
        takes_drawings=lambda side: False,
    )
    model = SimpleNamespace(
        id="m", digest="d", inference=inference, side=lambda domain: "x", require=lambda capability: None
    )

    class StubEmbedder:
        async def search_code(self, *_: object, drawn: bool, pixels: torch.Tensor) -> np.ndarray:
            return np.ones(4, np.float32)

    registry = SimpleNamespace(get=lambda name, capability: model, models=lambda: [model])
    pools = GalleryPools(max_waiting=9)
    return Catalogue(
        galleries=Galleries(root),
        registry=registry,
        embedder=StubEmbedder(),
        pools=pools,
        decoder=decoder(Workers(max_waiting=9)),
        defaults=DefaultGalleries(Defaults(None), pools=pools),
        queue_items=9,
    )  # type: ignore[arg-type]


@asynccontextmanager
async def real_catalogue(
    home,
    batches: list[Batch],
    queue_items: int = 64,
    max_waiting: int = 64,
    first_waits_for: int = 0,
) -> AsyncIterator[Catalogue]:
    """A catalogue with a tiny model, its engine, and an empty gallery `g`.

    The first batch ends when `first_waits_for` items are in it or wait behind it, or after 30 s.
    """

    def on_batch(batch: Batch) -> None:
        batches.append(batch)
        give_up = monotonic() + 30
        while len(batches) == 1 and batch.items + engine.depth < first_waits_for and monotonic() < give_up:
            sleep(0.001)

    publish_tiny(home)
    registry = Registry(
        store=home / "checkpoints", device=torch.device("cpu"), poll_seconds=3600, default=None
    )
    await registry.refresh()
    engine = Engine(queue_items=queue_items, batch_items=32, wait_ms=1, on_batch=on_batch)
    workers = Workers(max_waiting=max_waiting)
    cache = EmbeddingCache(max_bytes=0)
    embedder = Embedder(engine=engine, cache=cache, decoder=decoder(workers), ahead=ahead())
    pools = GalleryPools(max_waiting=max_waiting)
    catalogue = Catalogue(
        galleries=Galleries(home / "galleries"),
        registry=registry,
        embedder=embedder,
        pools=pools,
        decoder=decoder(workers),
        defaults=DefaultGalleries(Defaults(None), pools=pools),
        queue_items=queue_items,
    )
    await engine.start()
    try:
        await catalogue.create("g", "tiny", None)
        yield catalogue
    finally:
        await engine.stop()


def create_gallery(root, name: str = "g") -> Gallery:
    spec = GallerySpec(model="m", digest="d", domain="photo", distance="cosine", dim=4)
    return Galleries(root).create(name, spec)


# adding photos


async def added(catalogue: Catalogue, uploads: Sequence[Upload]) -> list[Photo | None]:
    return [outcome.photo for outcome in await catalogue.add("g", uploads, Notes(), partial=False)]


def test_twelve_photos_are_decoded_once_each_and_embedded_together(tmp_path, monkeypatch):
    decoded, parsed, batches = [], [], []
    load, strip_metadata = ImageFile.ImageFile.load, decode.strip_metadata

    def counted_load(self):
        if self.tile:  # Pillow calls `load` again for decoded pictures, without any work to do
            decoded.append(self)
        return load(self)

    def counted_strip(data):
        parsed.append(data)
        return strip_metadata(data)

    monkeypatch.setattr(ImageFile.ImageFile, "load", counted_load)
    monkeypatch.setattr(decode, "strip_metadata", counted_strip)
    uploads = [Upload.of(png(seed)) for seed in range(12)]

    async def scenario():
        async with real_catalogue(tmp_path, batches, first_waits_for=12) as catalogue:
            return await added(catalogue, uploads)

    photos = asyncio.run(scenario())
    assert [photo.sha256 for photo in photos] == [upload.sha256 for upload in uploads]
    assert (len(decoded), len(parsed), sum(batch.items for batch in batches)) == (12, 12, 12)
    assert len(batches) <= 2


@pytest.mark.parametrize("queue_items", [1, 4])
def test_one_request_does_not_overload_a_short_queue(tmp_path, queue_items):
    async def scenario() -> int:
        async with real_catalogue(tmp_path, [], queue_items, max_waiting=queue_items) as catalogue:
            return len(await added(catalogue, [Upload.of(png(seed)) for seed in range(12)]))

    assert asyncio.run(scenario()) == 12


def test_many_clients_that_add_photos_do_not_fill_the_queues(tmp_path):
    def uploads(client: int) -> list[Upload]:
        return [Upload.of(png(12 * client + number)) for number in range(12)]

    async def scenario() -> list[list[Photo]]:
        async with real_catalogue(tmp_path, [], queue_items=16, max_waiting=16) as catalogue:
            return await asyncio.gather(*(added(catalogue, uploads(client)) for client in range(6)))

    assert [len(photos) for photos in asyncio.run(scenario())] == [12] * 6


def test_too_many_requests_that_wait_to_add_photos_are_refused(tmp_path):
    async def scenario() -> list[list[Photo] | BaseException]:
        async with real_catalogue(tmp_path, [], queue_items=1) as catalogue:
            return await asyncio.gather(
                *(added(catalogue, [Upload.of(png(seed))]) for seed in range(12)),
                return_exceptions=True,
            )

    outcomes = asyncio.run(scenario())
    refused = [outcome for outcome in outcomes if isinstance(outcome, Overloaded)]
    assert 0 < len(refused) < 12
    assert any("wait to add photos" in str(error) for error in refused)  # others: the engine's queue is full


def test_the_first_bad_picture_is_named_and_nothing_is_added(tmp_path):
    gallery, batches = None, []
    uploads = [Upload.of(png(seed), f"{seed}.png") for seed in range(6)]
    uploads[2:2] = [Upload.of(b"broken", "broken.png")]
    uploads[5:5] = [Upload.of(b"", "empty.png")]

    async def scenario():
        async with real_catalogue(tmp_path, batches) as catalogue:
            with pytest.raises(ImageUnreadable, match=r"broken\.png: this is not an image"):
                await added(catalogue, uploads)

    asyncio.run(scenario())
    gallery = Galleries(tmp_path / "galleries").open("g")
    assert (gallery.count, batches) == (0, [])
    assert list((tmp_path / "galleries" / "g").glob("photos/*/*")) == []


def test_a_cancelled_request_decodes_no_more_photos(tmp_path, monkeypatch):
    decoded, batches = [], []
    strip_metadata = decode.strip_metadata

    def counted_strip(data):
        decoded.append(data)
        return strip_metadata(data)

    monkeypatch.setattr(decode, "strip_metadata", counted_strip)

    async def scenario():
        async with real_catalogue(tmp_path, batches) as catalogue:
            uploads = [Upload.of(png(seed, 90)) for seed in range(40)]
            task = asyncio.create_task(added(catalogue, uploads))
            while not decoded:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            count = len(decoded)
            await asyncio.sleep(0.1)
            return count

    count = asyncio.run(scenario())
    assert len(decoded) == count < 40
    assert Galleries(tmp_path / "galleries").open("g").count == 0


def test_a_photo_removed_while_it_is_added_is_still_returned(tmp_path, monkeypatch):
    gallery, catalogue = create_gallery(tmp_path), stub_catalogue(tmp_path)
    uploads = [Upload.of(png(seed)) for seed in range(3)]
    first = asyncio.run(added(catalogue, uploads[:1]))[0]
    add = Gallery.add

    def add_and_remove(self, new):
        photos = add(self, new)
        for photo in gallery.page(0, 10):
            gallery.remove(photo.id)
        return photos

    monkeypatch.setattr(Gallery, "add", add_and_remove)
    photos = asyncio.run(added(catalogue, [*uploads, uploads[1]]))
    assert [photo.sha256 for photo in photos] == [upload.sha256 for upload in [*uploads, uploads[1]]]
    assert photos[0] == first
    assert photos[1] == photos[3]


# pictures


def get_first_photo(catalogue: Catalogue, **headers: str) -> Exchange:
    """Get the first photo of `g` over HTTP."""
    app = FastAPI()
    app.include_router(router)
    exception_handlers.install(app)
    registry = SimpleNamespace(check_ready=lambda: None)
    app.state.services = SimpleNamespace(catalogue=catalogue, settings=Settings(), registry=registry)
    return asyncio.run(Exchange(path="/galleries/g/photos/1", headers=headers).send_to(app))


def test_a_picture_removed_before_it_is_opened_is_not_found(tmp_path, monkeypatch):
    gallery, catalogue = create_gallery(tmp_path), stub_catalogue(tmp_path)
    asyncio.run(added(catalogue, [Upload.of(png())]))
    picture_path = Gallery.picture_path

    def remove_after_lookup(self, photo):
        path = picture_path(self, photo)
        gallery.remove(photo.id)
        return path

    monkeypatch.setattr(Gallery, "picture_path", remove_after_lookup)
    answer = get_first_photo(catalogue)
    assert answer.status == 404
    assert b'"photo_not_found"' in answer.body


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=10-19"}])
def test_a_picture_removed_after_it_is_opened_is_sent(tmp_path, monkeypatch, headers):
    gallery, catalogue = create_gallery(tmp_path), stub_catalogue(tmp_path)
    asyncio.run(added(catalogue, [Upload.of(png())]))
    picture = Catalogue.picture

    async def remove_after_opening(self, name, photo_id, *, small):
        found = await picture(self, name, photo_id, small=small)
        gallery.remove(photo_id)
        return found

    monkeypatch.setattr(Catalogue, "picture", remove_after_opening)
    answer = get_first_photo(catalogue, **headers)
    assert answer.body == (png()[10:20] if headers else png())
    assert answer.response_headers["content-length"] == str(len(answer.body))


@pytest.mark.filterwarnings("error")  # Python warns about files that are not closed
@pytest.mark.parametrize(
    "headers", [{}, {"range": "bytes=0-3"}, {"range": "bytes=999999-"}, {"if-none-match": ""}]
)
def test_every_picture_is_closed(tmp_path, headers):
    create_gallery(tmp_path)
    catalogue, upload = stub_catalogue(tmp_path), Upload.of(png())
    asyncio.run(added(catalogue, [upload]))
    if "if-none-match" in headers:
        headers = {"if-none-match": f'"{upload.sha256}-full"'}
    answer = get_first_photo(catalogue, **headers)
    assert answer.status in (200, 206, 304, 416)
    gc.collect()


def test_the_full_picture_replaces_a_lost_thumbnail(tmp_path):
    gallery, catalogue = create_gallery(tmp_path), stub_catalogue(tmp_path)
    photo = asyncio.run(added(catalogue, [Upload.of(png())]))[0]
    assert asyncio.run(catalogue.picture("g", photo.id, small=True)).content_type == "image/webp"
    gallery.thumbnail_path(photo).unlink()
    assert asyncio.run(catalogue.picture("g", photo.id, small=True)).content_type == "image/png"
    gallery.picture_path(photo).unlink()
    with pytest.raises(PhotoNotFound, match="no longer"):
        asyncio.run(catalogue.picture("g", photo.id, small=True))


# files of photos


@pytest.mark.parametrize("contents", [None, b"", b"garbage"])
@pytest.mark.parametrize("damaged_row", [False, True])
def test_a_photo_whose_files_are_damaged_is_stored_again(tmp_path, contents, damaged_row):
    create_gallery(tmp_path)
    picture, catalogue = png(), stub_catalogue(tmp_path)
    [photo] = asyncio.run(added(catalogue, [Upload.of(picture)]))
    gallery = Gallery(tmp_path / "g")
    small = gallery.thumbnail_path(photo).read_bytes()
    for path in (gallery.picture_path(photo), gallery.thumbnail_path(photo)):
        path.unlink() if contents is None else path.write_bytes(contents)
    if damaged_row:
        with gallery.database.transaction() as connection:
            connection.execute("UPDATE photos SET label = 'x'")
    [again] = asyncio.run(added(catalogue, [Upload.of(picture)]))
    assert again == photo
    assert gallery.picture_path(again).read_bytes() == picture
    assert gallery.thumbnail_path(again).read_bytes() == small


@pytest.mark.parametrize("contents", [b"", b"garbage"])
def test_a_file_left_under_the_name_of_a_new_photo_is_replaced(tmp_path, contents):
    gallery, upload = create_gallery(tmp_path), Upload.of(png())
    left = gallery.folder / "photos" / upload.sha256[:2] / upload.sha256
    left.parent.mkdir(parents=True)
    left.write_bytes(contents)
    asyncio.run(added(stub_catalogue(tmp_path), [upload]))
    assert left.read_bytes() == upload.data


@pytest.mark.parametrize("contents", [None, b"garbage"])
def test_the_upload_of_a_photo_whose_indexed_file_changed_is_stored(tmp_path, contents):
    gallery, upload, own = create_gallery(tmp_path), Upload.of(png()), tmp_path / "own.png"
    own.write_bytes(upload.data)
    catalogue = stub_catalogue(tmp_path)
    new = NewPhoto(
        sha256=upload.sha256,
        embedding=np.ones(4, np.float32),
        content_type="image/png",
        width=3,
        height=4,
        thumbnail=b"small",
        source=str(own),
    )
    [photo] = gallery.add([new])
    assert asyncio.run(added(catalogue, [upload]))[0].source == str(own)
    own.unlink() if contents is None else own.write_bytes(contents)
    [again] = asyncio.run(added(catalogue, [upload]))
    assert (again.id, again.source) == (photo.id, None)
    assert gallery.picture_path(again).read_bytes() == upload.data


# re-embedded galleries


def test_adding_is_retried_a_few_times_when_the_gallery_is_reembedded(tmp_path, monkeypatch):
    create_gallery(tmp_path)
    known, switches = Gallery.known, []

    def known_unless_reembedded(self, digests):
        if switches.pop():
            raise GalleryReindexed("it has other embeddings now")
        return known(self, digests)

    monkeypatch.setattr(Gallery, "known", known_unless_reembedded)
    switches[:] = [False, True, True]
    assert len(asyncio.run(added(stub_catalogue(tmp_path), [Upload.of(png())]))) == 1
    switches[:] = [True] * 9
    with pytest.raises(GalleryReindexed):
        asyncio.run(added(stub_catalogue(tmp_path), [Upload.of(png(1))]))
    assert len(switches) == 6


# damaged galleries


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


def test_a_damaged_gallery_is_listed_as_damaged_beside_the_others(client, damaged, sound):
    answer = client.get("/galleries")
    assert answer.status_code == 200, answer.text
    assert sound in [gallery["name"] for gallery in answer.json()["galleries"]]
    assert [gallery["name"] for gallery in answer.json()["damaged"]] == [DAMAGED]
    assert "cannot be read" in answer.json()["damaged"][0]["reason"]
    assert client.get(f"/galleries/{DAMAGED}").json()["code"] == "gallery_damaged"


def test_a_damaged_gallery_can_be_deleted(client, damaged):
    assert client.delete(f"/galleries/{DAMAGED}").status_code == 204
    assert client.get("/galleries").json()["damaged"] == []
    assert client.delete(f"/galleries/{DAMAGED}").status_code == 404
    assert not damaged.exists()


def test_search_skips_damaged_galleries(client, damaged, sound):
    answer = client.post("/sbir/search", files={"sketch": png()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["gallery"] != DAMAGED


def test_an_unknown_domain_is_not_echoed_in_full(client):
    answer = client.post("/translate", files={"image": png()}, data={"model": "tiny", "source": "x" * 10_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "domain_unknown")
    assert len(answer.json()["detail"]) < 300
