"""Re-embedding galleries of a running server, over HTTP and with `iiae reindex`."""

import asyncio
import fcntl
import hashlib
import math
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from command_line import iiae
from serving import Server, png, publish_sketch, publish_tiny

from model import checkpoint
from service.deadline import Deadline, remaining, shared_deadline, start_deadline
from service.errors import ReindexCancelled, ReindexNotFound, ServiceError
from service.galleries.collection import Galleries
from service.galleries.migrations import SIZES_KEY
from service.galleries.records import GallerySpec, NewPhoto
from service.galleries.reindex import lock
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.records import EmbeddedPhoto, ReindexProgress
from service.galleries.schema import read_meta, set_meta
from service.http.app import compose
from service.http.dependencies import Services
from service.settings import Settings

MANY = 160


def wait(client: httpx.Client, *states: str, name: str = "g", within: float = 60) -> dict:
    until = time.monotonic() + within
    while (found := client.get(f"/galleries/{name}/reindex").json())["state"] not in states:
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def add(client: httpx.Client, seeds: range, name: str = "g") -> dict[int, int]:
    """Add pictures. Return their seeds by photo id."""
    added: dict[int, int] = {}
    for start in range(seeds.start, seeds.stop, 16):
        part = range(start, min(start + 16, seeds.stop))
        answer = client.post(
            f"/galleries/{name}/photos",
            files=[("image", png(seed)) for seed in part],
            data={"label": f"from {start}", "metadata": '{"a": 1}'},
        )
        assert answer.status_code == 201, answer.text
        added |= {photo["id"]: seed for photo, seed in zip(answer.json()["photos"], part, strict=True)}
    return added


def nearest(client: httpx.Client, seed: int, name: str = "g") -> httpx.Response:
    return client.post(
        "/retrieve", files={"image": png(seed)}, data={"gallery": name, "source": "photo", "k": "1"}
    )


def spec(home: Path, name: str) -> GallerySpec:
    """The spec of a gallery embedded by this checkpoint."""
    manifest = checkpoint.read_manifest(checkpoint.find(home / "checkpoints", name))
    dim = manifest.preset.search_size
    return GallerySpec(
        model=name, digest=manifest.weights_sha256, domain="photo", distance=manifest.preset.distance, dim=dim
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    publish_tiny(home, "other", seed=5)
    publish_sketch(home)
    publish_sketch(home, "knowing", things=6)
    return home


@pytest.fixture(scope="module")
def server(folder):
    running = Server(
        folder,
        IIAE_MAX_IMAGES="64",
        IIAE_ADMIN_KEYS="admin-key-0123456789",
        IIAE_API_KEYS="reader-key-0123456789",
    ).ready()
    running.client.headers["X-API-Key"] = "admin-key-0123456789"
    yield running
    running.stop()


@pytest.fixture
def client(server):
    gallery = {"name": "g", "model": "tiny", "expand": False}
    server.client.post("/galleries", json=gallery).raise_for_status()
    yield server.client
    server.client.delete("/galleries/g").raise_for_status()


def test_reindexing_an_outdated_gallery_changes_only_its_embeddings(folder, client):
    seeds = add(client, range(40))
    photos = client.get("/galleries/g/photos?limit=1000").json()
    publish_tiny(folder, seed=1)
    client.post("/models/reload").raise_for_status()
    assert client.get("/galleries/g").json()["outdated"]
    assert nearest(client, 3).json()["code"] == "gallery_outdated"
    database = Galleries(folder / "galleries").open("g").database
    with database.transaction() as connection:
        set_meta(connection, SIZES_KEY, "1")
    answer = client.post("/galleries/g/reindex")
    assert answer.status_code == 202
    assert answer.headers["location"] == "/galleries/g/reindex"
    done = wait(client, "done")
    digest = client.get("/models/tiny").json()["digest"]
    assert (done["model"], done["digest"], done["done"], done["total"], done["failures"], done["failed"]) == (
        "tiny",
        digest,
        40,
        40,
        0,
        [],
    )
    assert done["started"] <= done["ended"]
    gallery = client.get("/galleries/g").json()
    assert (gallery["outdated"], gallery["expand"]) == (False, False)
    assert client.get("/galleries/g/photos?limit=1000").json() == photos
    with database.reading() as connection:  # the photos' sizes were checked
        assert SIZES_KEY not in read_meta(connection)
    for photo_id, seed in list(seeds.items())[::7]:
        assert nearest(client, seed).json()["hits"][0]["id"] == photo_id
        assert client.get(f"/galleries/g/photos/{photo_id}").content == png(seed)
    assert add(client, range(40, 41))


def test_searches_and_additions_continue_during_a_reindex_by_a_model_of_another_kind(server, client):
    """From the L2 distance of 16 numbers to the cosine of 32. No answer may be wrong."""
    seeds = add(client, range(MANY))
    ids = {seed: photo_id for photo_id, seed in seeds.items()}
    wrong: list[str] = []
    models: list[str] = []
    stop = threading.Event()

    def search() -> None:
        with httpx.Client(
            base_url=server.url, headers={"X-API-Key": "reader-key-0123456789"}, timeout=30
        ) as own:
            seed = 0
            while not stop.is_set():
                seed = (seed + 7) % MANY
                answer = nearest(own, seed)
                if answer.status_code != 200 or answer.json()["hits"][0]["id"] != ids[seed]:
                    wrong.append(answer.text)
                else:
                    models.append(answer.json()["model"])

    def change() -> None:
        with httpx.Client(
            base_url=server.url, headers={"X-API-Key": "admin-key-0123456789"}, timeout=30
        ) as own:
            for seed in range(1_000, 1_010):
                late = add(own, range(seed, seed + 1))
                if seed % 2:
                    own.delete(f"/galleries/g/photos/{next(iter(late))}").raise_for_status()
                else:
                    seeds.update(late)

    threads = [threading.Thread(target=search), threading.Thread(target=change)]
    for thread in threads:
        thread.start()
    try:
        client.post("/galleries/g/reindex", json={"model": "drawn"}).raise_for_status()
        threads[1].join()
        wait(client, "done")
        time.sleep(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert set(models) == {"tiny", "drawn"}
    assert {
        photo["id"] for photo in client.get("/galleries/g/photos?limit=1000").json()["photos"]
    } == seeds.keys()
    for photo_id, seed in list(seeds.items())[-5:]:
        assert nearest(client, seed).json()["hits"][0]["id"] == photo_id
    sketch = client.post("/sbir/search", files={"sketch": png(3)}, data={"gallery": "g"}).json()
    assert (sketch["model"], sketch["scores"]) == ("drawn", "cosine")


@pytest.mark.parametrize("drawn", [False, True])
def test_a_gallery_moves_to_a_model_of_things_and_back(client, drawn):
    """From the cosine of 32 numbers to the inner product of 38."""
    client.delete("/galleries/g").raise_for_status()
    client.post("/galleries", json={"name": "g", "model": "tiny"}).raise_for_status()
    seeds = add(client, range(9))
    for model, scores in (("drawn", "cosine"), ("knowing", "inner_product"), ("drawn", "cosine")):
        new = {"model": model, "drawn": drawn if model == "knowing" else None}
        client.post("/galleries/g/reindex", json=new).raise_for_status()
        wait(client, "done")
        answer = client.post("/sbir/search", files={"sketch": png(3)}, data={"gallery": "g"}).json()
        assert (answer["model"], answer["scores"]) == (model, scores)
        assert {hit["id"] for hit in answer["hits"]} == seeds.keys()
        found = [hit["score"] for hit in answer["hits"]]
        assert found == sorted(found, reverse=True)
        if model == "knowing":
            gallery = client.get("/galleries/g").json()
            assert (gallery["drawn"], gallery["expand"]) == (drawn, not drawn)
        form = {"model": model, "source": "photo", "kind": "search_drawn" if drawn else "search"}
        code = np.array(client.post("/embed", files={"image": png(3)}, data=form).json()["values"])
        itself = nearest(client, 3).json()["hits"][0]
        # The length shows the weight of the thing.
        expected = code @ code if model == "knowing" else 1
        assert (seeds[itself["id"]], itself["score"]) == (3, pytest.approx(expected, abs=5e-3))
        assert -1 <= found[-1] <= found[0] <= 1


def test_one_reindex_of_a_gallery_runs_at_a_time_and_can_be_cancelled(folder, client):
    add(client, range(MANY))
    before = client.get("/galleries/g").json()
    with ReindexJob(
        Galleries(folder / "galleries").open("g"), spec(folder, "other")
    ) as elsewhere:  # as another process would
        page = next(elsewhere.pages())
        assert (
            client.get("/galleries/g/reindex").json()["state"],
            client.get("/galleries/g/reindex").json()["model"],
        ) == ("running", "other")
        again = client.post("/galleries/g/reindex", json={"model": "drawn"})
        assert (again.status_code, again.json()["code"]) == (409, "reindex_running")
        assert client.delete("/galleries/g/reindex").status_code == 204
        with pytest.raises(ReindexCancelled):
            elsewhere.keep(
                [
                    EmbeddedPhoto(photo_id=photo.id, sha256=photo.sha256, embedding=None, fault="cancelled")
                    for photo in page
                ]
            )
    assert client.get("/galleries/g/reindex").json()["state"] == "cancelled"
    client.post("/galleries/g/reindex", json={"model": "drawn"}).raise_for_status()
    assert client.delete("/galleries/g/reindex").status_code == 204
    assert client.get("/galleries/g/reindex").json()["state"] == "cancelled"
    assert client.get("/galleries/g").json() == before
    assert nearest(client, 3).status_code == 200


def test_a_reindex_runs_on_when_the_client_that_began_it_disconnects(folder, server, client):
    add(client, range(3))
    with (folder / "galleries" / "g" / lock.LOCK).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the reindex waits for this lock
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            body = b'{"model": "other"}'
            head = (
                "POST /galleries/g/reindex HTTP/1.1\r\nHost: s\r\nX-API-Key: admin-key-0123456789\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}"
            )
            connection.sendall(f"{head}\r\n\r\n".encode() + body)
            time.sleep(0.15)
        time.sleep(0.15)
    until = time.monotonic() + 30
    while client.get("/galleries/g").json()["model"] != "other":
        assert time.monotonic() < until, client.get("/galleries/g/reindex").text
        time.sleep(0.02)
    assert wait(client, "done")["done"] == 3


def test_photos_added_after_the_last_page_are_embedded_before_the_switch(tmp_path, monkeypatch):
    publish_tiny(tmp_path)
    publish_tiny(tmp_path, "other", seed=5)
    switch, switches = ReindexJob.switch, list[bool]()

    def add_then_switch(job: ReindexJob) -> None:
        if not switches:
            job.gallery.add([new_photo(2, job.gallery.spec.dim)])
        switch(job)
        switches.append(job.switched)

    monkeypatch.setattr(ReindexJob, "switch", add_then_switch)

    async def scenario() -> ReindexProgress:
        parts = compose(Settings(home=tmp_path, device="cpu"))
        await parts.engine.start()
        await parts.registry.refresh()
        gallery = parts.galleries.create("g", spec(tmp_path, "tiny"))
        gallery.add([new_photo(1, gallery.spec.dim)])
        try:
            await parts.reindexing.begin("g", "other", from_scratch=False)
            async with asyncio.timeout(30):
                while (progress := await parts.reindexing.progress("g")).state == "running":
                    await asyncio.sleep(0.01)
        finally:
            await parts.reindexing.stop()
            await parts.engine.stop(1)
        return progress

    progress = asyncio.run(scenario())
    assert (switches, progress.state, progress.done) == ([False, True], "done", 2)
    assert Galleries(tmp_path / "galleries").open("g").spec.digest == spec(tmp_path, "other").digest


def test_a_reindex_goes_on_after_the_deadline_of_its_request(tmp_path, monkeypatch):
    publish_tiny(tmp_path)
    publish_tiny(tmp_path, "other", seed=5)
    switch, left = ReindexJob.switch, list[float]()

    def record_then_switch(job: ReindexJob) -> None:
        left.append(remaining())
        switch(job)

    monkeypatch.setattr(ReindexJob, "switch", record_then_switch)

    async def scenario() -> ReindexProgress:
        parts = compose(Settings(home=tmp_path, device="cpu"))
        await parts.engine.start()
        await parts.registry.refresh()
        gallery = parts.galleries.create("g", spec(tmp_path, "tiny"))
        gallery.add([new_photo(1, gallery.spec.dim)])

        async def request() -> None:
            start_deadline(20)
            await parts.reindexing.begin("g", "other", from_scratch=False)

        try:
            await asyncio.create_task(request())
            async with asyncio.timeout(30):
                while (progress := await parts.reindexing.progress("g")).state == "running":
                    await asyncio.sleep(0.01)
        finally:
            await parts.reindexing.stop()
            await parts.engine.stop(1)
        return progress

    assert asyncio.run(scenario()).state == "done"
    assert left == [math.inf]


def test_a_reindex_does_not_start_after_its_request_is_answered_with_503(tmp_path):
    publish_tiny(tmp_path)
    publish_tiny(tmp_path, "other", seed=5)

    async def scenario() -> None:
        parts = compose(Settings(home=tmp_path, device="cpu"))
        await parts.registry.refresh()
        gallery = parts.galleries.create("g", spec(tmp_path, "tiny"))
        gallery.add([new_photo(1, gallery.spec.dim)])
        with closing(sqlite3.connect(gallery.folder / "gallery.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with shared_deadline(Deadline(time.monotonic() + 1)), pytest.raises(ServiceError) as raised:
                await parts.reindexing.begin("g", "other", from_scratch=False)
            assert raised.value.status == 503
            assert parts.pools.writing.running
        await parts.pools.drain(10)
        with pytest.raises(ReindexNotFound):
            await parts.reindexing.progress("g")
        assert not lock.is_locked(gallery)

    asyncio.run(scenario())


def test_one_stalled_reindex_does_not_stop_another(tmp_path, monkeypatch):
    publish_tiny(tmp_path)
    publish_tiny(tmp_path, "other", seed=5)
    pages, stalled, answers = ReindexJob.pages, threading.Event(), threading.Event()

    def stalling_pages(job: ReindexJob):
        if job.gallery.name == "slow":
            stalled.set()
            assert answers.wait(60)
        yield from pages(job)

    monkeypatch.setattr(ReindexJob, "pages", stalling_pages)

    async def state(parts: Services, name: str) -> str:
        async with asyncio.timeout(30):
            while (progress := await parts.reindexing.progress(name)).state == "running":
                await asyncio.sleep(0.01)
        return progress.state

    async def scenario() -> list[str]:
        parts = compose(Settings(home=tmp_path, device="cpu"))
        await parts.engine.start()
        await parts.registry.refresh()
        for number, name in enumerate(("slow", "fast")):
            gallery = parts.galleries.create(name, spec(tmp_path, "tiny"))
            gallery.add([new_photo(number, gallery.spec.dim)])
        try:
            await parts.reindexing.begin("slow", "other", from_scratch=False)
            while not stalled.is_set():
                await asyncio.sleep(0.01)
            await parts.reindexing.begin("fast", "other", from_scratch=False)
            fast = await state(parts, "fast")
            answers.set()
            return [fast, await state(parts, "slow")]
        finally:
            answers.set()
            await parts.reindexing.stop()
            await parts.engine.stop(1)

    assert asyncio.run(scenario()) == ["done", "done"]


def new_photo(seed: int, dim: int) -> NewPhoto:
    data = png(seed)
    return NewPhoto(
        sha256=hashlib.sha256(data).hexdigest(),
        embedding=np.ones(dim, np.float32),
        content_type="image/png",
        width=40,
        height=40,
        thumbnail=data,
        data=data,
    )


def test_unreadable_pictures_are_reported_and_embedded_by_their_thumbnails(folder, client, tmp_path):
    for name, seed in (("gone", 1), ("changed", 2), ("lost", 3), ("sound", 4)):
        (tmp_path / f"{name}.png").write_bytes(png(seed))
    words = ("index", str(tmp_path), "--gallery", "indexed", "--model", "drawn")
    assert iiae(*words, home=folder).status == 0
    photos = {
        photo["metadata"]["file"]: photo for photo in client.get("/galleries/indexed/photos").json()["photos"]
    }
    (tmp_path / "gone.png").unlink()
    (tmp_path / "lost.png").unlink()
    (tmp_path / "changed.png").write_bytes(png(99))
    sha256 = photos["lost.png"]["sha256"]
    (folder / "galleries" / "indexed" / "thumbnails" / sha256[:2] / f"{sha256}.webp").unlink()
    done = iiae("reindex", "indexed", "--model", "tiny", home=folder)
    assert done.status == 0, done.stderr
    assert "4 photos; 3 pictures could not be read" in done.stdout
    found = client.get("/galleries/indexed/reindex").json()
    assert (found["state"], found["failures"]) == ("done", 3)
    reasons = {fault["id"]: (fault["reason"], fault["thumbnail"]) for fault in found["failed"]}
    assert reasons == {
        photos["changed.png"]["id"]: ("its file has changed", True),
        photos["gone.png"]["id"]: ("its file is gone", True),
        photos["lost.png"]["id"]: ("its file is gone", False),
    }
    hits = client.post(
        "/retrieve", files={"image": png(1)}, data={"gallery": "indexed", "source": "photo"}
    ).json()["hits"]
    assert {hit["id"] for hit in hits} == {
        photos[name]["id"] for name in ("gone.png", "changed.png", "sound.png")
    }
    assert {
        photo["metadata"]["file"]: photo for photo in client.get("/galleries/indexed/photos").json()["photos"]
    } == photos
    assert (
        client.get(f"/galleries/indexed/photos/{photos['lost.png']['id']}/similar").json()["code"]
        == "photo_not_found"
    )
    for name, seed in (("gone", 1), ("changed", 2), ("lost", 3)):
        (tmp_path / f"{name}.png").write_bytes(png(seed))
    client.post("/galleries/indexed/reindex").raise_for_status()  # by the same checkpoint: only those photos
    found = wait(client, "done", name="indexed")
    assert (found["done"], found["total"], found["failures"]) == (4, 4, 0)
    for name, seed in (("gone", 1), ("changed", 2), ("lost", 3), ("sound", 4)):
        assert nearest(client, seed, "indexed").json()["hits"][0]["id"] == photos[f"{name}.png"]["id"]
    client.delete("/galleries/indexed").raise_for_status()


def test_a_killed_reindex_is_resumed_where_it_stopped(tmp_path):
    publish_tiny(tmp_path)
    publish_tiny(tmp_path, "other", seed=5)
    server = Server(tmp_path, IIAE_MAX_IMAGES="64").ready()
    server.client.post("/galleries", json={"name": "g", "model": "tiny"}).raise_for_status()
    seeds = add(server.client, range(MANY))
    server.client.post("/galleries/g/reindex", json={"model": "other"}).raise_for_status()
    while server.client.get("/galleries/g/reindex").json()["done"] == 0:
        time.sleep(0.005)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.client.close()
    server = Server(tmp_path).ready()
    try:
        found = server.client.get("/galleries/g/reindex").json()
        if found["state"] == "failed":  # unless it was done before the kill
            assert 0 < found["done"] < MANY
            assert "start the reindex again to resume it" in found["error"]
            assert server.client.get("/galleries/g").json()["model"] == "tiny"
            assert nearest(server.client, 5).json()["model"] == "tiny"
            again = server.client.post("/galleries/g/reindex", json={"model": "other"}).json()
            assert again["done"] >= found["done"]
        assert wait(server.client, "done")["done"] == MANY
        for photo_id, seed in list(seeds.items())[::40]:
            answer = nearest(server.client, seed).json()
            assert (answer["model"], answer["hits"][0]["id"]) == ("other", photo_id)
    finally:
        server.stop()
