"""Downloading a gallery as one Parquet file."""

import asyncio
import io
import json
import sys

import httpx
import pyarrow.parquet as pq
import pytest
from asgi import Exchange
from gallery_files import gallery_of, imported, photo
from serving import Server, png, publish_sketch

from service.deadline import start_deadline
from service.errors import Overloaded
from service.galleries.collection import Galleries
from service.galleries.parquet.download import AT_ONCE, Downloads
from service.galleries.schema import create_space, set_meta
from service.galleries.threads.pools import GalleryPools
from service.http.app import create_app
from service.http.dependencies import require_ready
from service.settings import Settings


def table(answer: httpx.Response):
    return pq.read_table(io.BytesIO(answer.content))


def test_a_download_is_the_gallery(client, gallery, home, tmp_path):
    answer = client.get("/galleries/noise/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == 'attachment; filename="noise.parquet"'
    found = table(answer)
    assert found.column("id").to_pylist() == gallery
    assert found.column("photo").null_count == len(gallery)
    path = tmp_path / "noise.parquet"
    path.write_bytes(answer.content)
    before = Galleries(home / "galleries").open("noise")
    after, _ = imported(path, tmp_path / "b", before.spec)
    vector = before.embedding(gallery[2])
    assert [(hit.photo.id, hit.score) for hit in after.search(vector, 9)] == [
        (hit.photo.id, hit.score) for hit in before.search(vector, 9)
    ]


def test_the_photos_come_along_on_request(client, gallery):
    answer = client.get("/galleries/noise/export", params={"photos": "true"})
    assert table(answer).column("photo").to_pylist() == [png(seed) for seed in range(len(gallery))]


def test_a_client_gets_no_paths_of_the_server(client, home, tmp_path):
    gallery_of(home / "galleries", photo(1, source="/srv/secret/1.png", metadata={"file": "1.png"}))
    try:
        answer = client.get("/galleries/g/export", params={"photos": "true"})
        assert table(answer).column("image_path").to_pylist() == [None]
        assert b"/srv/secret" not in answer.content
    finally:
        assert client.delete("/galleries/g").status_code == 204


def test_an_unchanged_gallery_is_not_sent_again(client, gallery):
    tag = client.get("/galleries/noise/export").headers["etag"]
    assert tag.startswith('W/"')
    again = client.get("/galleries/noise/export", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    with_photos = client.get("/galleries/noise/export?photos=true", headers={"If-None-Match": tag})
    assert with_photos.status_code == 200
    client.patch(f"/galleries/noise/photos/{gallery[0]}", json={"label": "new"}).raise_for_status()
    changed = client.get("/galleries/noise/export", headers={"If-None-Match": tag})
    assert (changed.status_code, table(changed).column("label").to_pylist()[0]) == (200, "new")


def test_head_sends_no_file(client, gallery):
    answer = client.head("/galleries/noise/export")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == client.get("/galleries/noise/export").headers["etag"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/galleries/nothing/export", 404, "gallery_not_found"),
        ("/galleries/noise/export?photo=true", 422, "parameter_invalid"),
        ("/galleries/noise/export?photos=maybe", 422, "parameter_invalid"),
    ],
)
def test_bad_requests(client, gallery, path, status, code):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_only_an_administrator_may_download(tmp_path):
    publish_sketch(tmp_path)
    gallery_of(tmp_path / "galleries", photo(1))
    with Server(tmp_path, IIAE_API_KEYS="reader-0123456789", IIAE_ADMIN_KEYS="admin-0123456789") as server:
        server.ready()
        answers = [
            server.client.get("/galleries/g/export", headers={"X-API-Key": key} if key else {})
            for key in (None, "reader-0123456789", "admin-0123456789")
        ]
    assert [answer.status_code for answer in answers] == [401, 403, 200]
    assert table(answers[2]).num_rows == 1


def test_a_reindex_during_the_download_breaks_it_off(client, home):
    gallery = gallery_of(
        home / "galleries", *(photo(number, metadata={"t": "x" * 5000}) for number in range(1, 3001))
    )
    try:
        with client.stream("GET", "/galleries/g/export") as answer:
            assert answer.status_code == 200
            chunks = answer.iter_raw()
            next(chunks)
            with gallery.database.transaction() as connection:
                create_space(connection, 2)
                set_meta(connection, "space", "2")
            with pytest.raises(httpx.RemoteProtocolError):  # the client knows that it is not complete
                list(chunks)
    finally:
        client.delete("/galleries/g")


def test_a_download_goes_on_after_the_deadline_of_its_request(tmp_path):
    gallery_of(tmp_path, *(photo(number) for number in range(1, 1200)))

    async def run() -> bytes:
        downloads = Downloads(galleries=Galleries(tmp_path), pools=GalleryPools(max_waiting=4))
        start_deadline(0.5)
        parts = downloads.parts(await downloads.open("g", photos=False))
        first = await anext(parts)
        await asyncio.sleep(0.6)
        return first + b"".join([part async for part in downloads.rest(parts)])

    assert pq.read_table(io.BytesIO(asyncio.run(run()))).num_rows == 1199


def test_without_pyarrow_the_answer_says_what_to_install(tmp_path, monkeypatch):
    gallery_of(tmp_path / "galleries", photo(1))
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # an import of it fails
    exchange = Exchange(path="/galleries/g/export")
    app = create_app(Settings(home=tmp_path, device="cpu"))
    app.dependency_overrides[require_ready] = lambda: None
    asyncio.run(exchange.send_to(app))
    problem = json.loads(exchange.body)
    assert (problem["status"], problem["code"]) == (501, "extra_missing")
    assert "pip install 'iiae[parquet]'" in problem["detail"]


def test_few_downloads_run_at_the_same_time(tmp_path):
    downloads = Downloads(galleries=Galleries(tmp_path), pools=GalleryPools(max_waiting=4))
    turns = [downloads.turn() for _ in range(AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Overloaded, match="being exported"), downloads.turn():
        pass
    turns[0].__exit__(None, None, None)
    with downloads.turn():
        pass


def test_a_download_gives_its_turn_back(client, gallery):
    for _ in range(AT_ONCE + 1):
        assert client.get("/galleries/noise/export").status_code == 200
    for _ in range(AT_ONCE + 1):  # also if the client leaves
        with client.stream("GET", "/galleries/noise/export") as answer:
            assert answer.status_code == 200
    assert client.get("/galleries/noise/export").status_code == 200


def test_metadata_says_what_made_it(client, gallery):
    schema = table(client.get("/galleries/noise/export")).schema
    about = json.loads(schema.metadata[b"iiae"])
    shown = client.get("/galleries/noise").json()
    for key in ("model", "digest", "domain", "drawn", "expand"):
        assert about[key] == shown[key]
