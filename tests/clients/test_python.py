"""The Python client, sync and async, against a real server: every call and every problem."""

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import httpx
import pytest
from iiae_client import AsyncClient, Client, ProblemError
from PIL import Image
from serving import Server, png, publish_tiny
from world import ADMIN, CLIENTS, DAMAGED, OUTDATED, PROBLEMS, READER, huge_png, operations

from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.reindex.job import ReindexJob

SHA256 = re.compile(r"[0-9a-f]{64}")


class SyncCaller:
    """Runs a call of `Client`."""

    def __init__(self, *args, **settings):
        self.client = Client(*args, **settings)

    def __call__(self, call):
        return call(self.client)

    def close(self):
        self.client.close()


class AsyncCaller:
    """Runs the same call of `AsyncClient`."""

    def __init__(self, *args, **settings):
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(*args, **settings)

    def __call__(self, call):
        return self.loop.run_until_complete(call(self.client))

    def close(self):
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


@pytest.fixture(params=[SyncCaller, AsyncCaller], ids=["sync", "async"])
def caller_type(request):
    return request.param


@pytest.fixture
def call(caller_type, open_server):
    caller = caller_type(open_server.url)
    yield caller
    caller.close()


@pytest.fixture
def gallery(call, open_server, pictures):
    """A gallery with six photos."""
    name = "noise"
    call(lambda client: client.galleries.create(name, "drawn"))
    call(
        lambda client: client.photos.add(
            name,
            [pictures / f"{seed}.png" for seed in range(6)],
            label="noise",
            metadata={"sku": 12, "deep": ["☂"]},
        )
    )
    yield name
    open_server.client.delete(f"/galleries/{name}")


def size(picture: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(picture)).size


CALLS = {
    "sbir.search": (
        lambda client, g, p: client.sbir.search(p / "3.png", gallery=g, k=4),
        lambda found: len(found.hits) == 4 and found.model == "drawn",
    ),
    "images.translate": (
        lambda client, g, p: client.images.translate(p / "0.png", model="tiny", samples=2, seed=7),
        lambda made: (
            [image.seed for image in made.images] == [7, 8] and size(made.images[0].data) == (32, 32)
        ),
    ),
    "images.translate_image": (
        lambda client, g, p: client.images.translate_image(p / "0.png", accept="image/webp", model="tiny"),
        lambda picture: Image.open(BytesIO(picture)).format == "WEBP",
    ),
    "images.analogy": (
        lambda client, g, p: client.images.analogy(p / "0.png", p / "1.png", model="tiny"),
        lambda made: made.source == made.target == "photo",
    ),
    "images.analogy_image": (
        lambda client, g, p: client.images.analogy_image(p / "0.png", p / "1.png", model="tiny"),
        lambda picture: size(picture) == (32, 32),
    ),
    "images.embed": (
        lambda client, g, p: client.images.embed(p / "0.png", model="tiny", kind="exclusive"),
        lambda code: (code.shape, code.kind, len(code.values)) == ([8], "exclusive", 8),
    ),
    "images.preview": (
        lambda client, g, p: client.images.preview(p / "0.png"),
        lambda picture: Image.open(BytesIO(picture)).format == "WEBP",
    ),
    "images.retrieve": (
        lambda client, g, p: client.images.retrieve(p / "2.png", gallery=g, source="photo", k=1),
        lambda found: found.hits[0].score > 0.98,
    ),
    "images.search": (
        lambda client, g, p: client.images.search(
            [0.5] * 32, gallery=g, k=3, label=["noise"], metadata={"sku": 12}
        ),
        lambda found: len(found.hits) == 3,
    ),
    "galleries.list": (
        lambda client, g, p: client.galleries.list(),
        lambda all_: "noise" in [each.name for each in all_.galleries] and all_.damaged[0].name == DAMAGED,
    ),
    "galleries.create": (
        lambda client, g, p: client.galleries.create("made", "tiny", domain="label"),
        lambda made: (made.domain, made.photos) == ("label", 0),
    ),
    "galleries.get": (
        lambda client, g, p: client.galleries.get(g),
        lambda one: (one.photos, one.outdated, one.credit) == (6, False, None),
    ),
    "galleries.delete": (
        lambda client, g, p: client.galleries.delete("made"),
        lambda nothing: nothing is None,
    ),
    "galleries.export": (
        lambda client, g, p: client.galleries.export(g, photos=True),
        lambda file: file.startswith(b"PAR1") and file.endswith(b"PAR1"),
    ),
    "galleries.choose": (
        lambda client, g, p: client.galleries.choose(g),
        lambda one: one.default_for == ["retrieve", "sbir"],
    ),
    "photos.add": (
        lambda client, g, p: client.photos.add(g, (p / "0.png").read_bytes(), metadata={}),
        lambda added: (
            SHA256.fullmatch(added.photos[0].sha256)
            and (added.files[0].status, added.files[0].id) == ("known", 1)
            and added.photos[0].metadata == {"sku": 12, "deep": ["☂"]}
        ),
    ),
    "photos.list": (
        lambda client, g, p: client.photos.list(g, limit=4),
        lambda page: len(page.photos) == 4 and page.next_ == page.photos[-1].id,
    ),
    "photos.get": (
        lambda client, g, p: client.photos.get(g, 1, size="thumbnail"),
        lambda picture: Image.open(BytesIO(picture)).format == "WEBP",
    ),
    "photos.update": (
        lambda client, g, p: client.photos.update(g, 5, label="", metadata={"sku": 13}),
        lambda photo: (photo.id, photo.label, photo.metadata) == (5, None, {"sku": 13}),
    ),
    "photos.labels": (
        lambda client, g, p: client.photos.labels(g),
        lambda answer: [(each.label, each.photos) for each in answer.labels] == [("noise", 6)],
    ),
    "photos.purge": (
        lambda client, g, p: client.photos.purge(g, id=[5, 6], label="noise"),
        lambda answer: answer.removed == 2,
    ),
    "photos.delete": (lambda client, g, p: client.photos.delete(g, 6), lambda nothing: nothing is None),
    "photos.similar": (
        lambda client, g, p: client.photos.similar(g, 1, k=100),
        lambda found: {hit.id for hit in found.hits} == {2, 3, 4, 5, 6},
    ),
    "reindex.start": (
        lambda client, g, p: client.reindex.start(g, model="drawn", anew=True),
        lambda progress: (progress.model, progress.total) == ("drawn", 6),
    ),
    "reindex.get": (
        lambda client, g, p: client.reindex.get(g),
        lambda progress: progress.total == 6 and progress.failed == [],
    ),
    "reindex.cancel": (lambda client, g, p: client.reindex.cancel(g), lambda nothing: nothing is None),
    "models.list": (
        lambda client, g, p: client.models.list(),
        lambda all_: {"tiny", "drawn"} <= {model.id for model in all_.models},
    ),
    "models.get": (
        lambda client, g, p: client.models.get("tiny"),
        lambda model: SHA256.fullmatch(model.digest) and model.domains == ["photo", "label"],
    ),
    "models.choose": (
        lambda client, g, p: client.models.choose("drawn"),
        lambda model: model.default_for == ["embed"],
    ),
    "models.reload": (lambda client, g, p: client.models.reload(), lambda all_: not all_.rejected),
    "service.live": (lambda client, g, p: client.service.live(), lambda health: health.status == "live"),
    "service.ready": (
        lambda client, g, p: client.service.ready(),
        lambda health: (health.status, health.degraded) == ("ready", []),
    ),
    "service.metrics": (
        lambda client, g, p: client.service.metrics(),
        lambda text: "iiae_requests_total" in text,
    ),
}


def test_client_has_one_call_per_operation():
    assert {name.removesuffix("_image") for name in CALLS} == operations()
    with Client() as client:
        groups = {tag: getattr(client, tag) for tag in {name.partition(".")[0] for name in CALLS}}
        assert {
            f"{tag}.{call}"
            for tag, group in groups.items()
            for call in dir(group)
            if not call.startswith("_")
        } == set(CALLS)


def interrupt_a_reindex(gallery: Gallery) -> None:
    """Leave a reindex to another checkpoint as a killed process would."""
    with ReindexJob(gallery, replace(gallery.spec, digest="another")):
        pass


@pytest.mark.parametrize("name", CALLS)
def test_every_call_returns_its_answer(call, gallery, pictures, open_server, home, name):
    request, is_right = CALLS[name]
    if name == "reindex.get":
        open_server.client.post(f"/galleries/{gallery}/reindex").raise_for_status()
    if name == "reindex.cancel":
        interrupt_a_reindex(Galleries(home / "galleries").open(gallery))
    if name == "galleries.delete":
        open_server.client.post("/galleries", json={"name": "made", "model": "tiny"})
    answer = call(lambda client: request(client, gallery, pictures))
    assert is_right(answer), answer
    open_server.client.delete("/galleries/made")


def test_uploads_can_be_paths_bytes_or_open_files(call, gallery, pictures):
    uploads = (
        pictures / "2.png",
        str(pictures / "2.png"),
        png(2),
        BytesIO(png(2)),
        (pictures / "2.png").open("rb"),
    )
    embeddings = [
        call(lambda client, upload=upload: client.images.embed(upload, model="tiny")).values
        for upload in uploads
    ]
    assert all(embedding == embeddings[0] for embedding in embeddings)
    one, several = (
        call(
            lambda client, sketches=sketches: client.sbir.search(
                sketches, photo=png(5), gallery=gallery, expand=False
            )
        )
        for sketches in (png(3), [png(3), pictures / "4.png"])
    )
    assert one.hits != several.hits
    added = call(lambda client: client.photos.add(gallery, [pictures / "2.png", png(98), BytesIO(png(99))]))
    assert [photo.id for photo in added.photos] == [3, 7, 8]


def test_hits_have_grades_and_a_smallest_score(call, graded, pictures):
    def hits(**fields):
        return call(lambda client: client.sbir.search(pictures / "3.png", gallery=graded, **fields)).hits

    found = hits()
    assert [hit.grade for hit in found] == ["strong", "possible", "possible", "weak", "weak", "weak"]
    assert hits(min_score=found[2].score) == found[:3]
    assert hits(min_score=1.0) == []
    similar = call(lambda client: client.photos.similar(graded, 1))
    limit = similar.hits[0].score
    assert call(lambda client: client.photos.similar(graded, 1, min_score=limit)).hits == similar.hits[:1]
    photo = call(lambda client: client.images.retrieve(png(3), gallery=graded, source="photo", min_score=0.9))
    assert [(hit.id, hit.grade) for hit in photo.hits] == [(4, "strong")]
    plain = call(lambda client: client.images.retrieve(png(3), gallery=graded, k=1)).hits
    assert [hit.grade for hit in plain] == [None]  # this kind of query is not calibrated


def test_photos_are_returned_byte_for_byte(call, gallery):
    assert call(lambda client: client.photos.get(gallery, 3)) == png(2)


def test_searches_and_lists_can_be_limited_to_some_photos(call, gallery, pictures):
    for photo_id, label in ((2, "cat"), (4, "dog")):
        call(lambda client, i=photo_id, label=label: client.photos.update(gallery, i, label=label))
    call(lambda client: client.photos.update(gallery, 5, metadata={"sku": 13}))

    def found(**fields):
        return call(lambda client: client.sbir.search(pictures / "3.png", gallery=gallery, **fields)).hits

    assert {hit.label for hit in found(label=["cat", "dog"])} == {"cat", "dog"}
    assert [hit.id for hit in found(metadata={"sku": {"gt": 12}})] == [5]
    assert found(k=2) + found(k=4, offset=2) == found()
    assert [hit.id for hit in found(label="dog")] == [4]
    similar = call(lambda client: client.photos.similar(gallery, 1, label=["cat", "dog"], k=1))
    assert [photo.id for photo in call(lambda client: client.photos.list(gallery, label="cat")).photos] == [2]
    listed = call(lambda client: client.photos.list(gallery, label=["cat", "dog"], metadata='{"sku": 12}'))
    assert len(similar.hits) == 1
    assert [photo.id for photo in listed.photos] == [2, 4]


BAD_REQUESTS = {
    "image_unreadable": lambda client, p: client.images.embed(b"text", model="tiny"),
    "sketch_empty": lambda client, p: client.sbir.search(p / "blank.png", gallery="strokes"),
    "image_format_unsupported": lambda client, p: client.images.embed(
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", model="tiny"
    ),
    "image_too_many_pixels": lambda client, p: client.images.embed(huge_png(), model="tiny"),
    "parameter_invalid": lambda client, p: client.sbir.search(p / "0.png", k=1001),
    "name_invalid": lambda client, p: client.models.get("Not A Name"),
    "domain_unknown": lambda client, p: client.images.translate(p / "0.png", model="tiny", source="sketch"),
    "domains_differ": lambda client, p: client.images.analogy_image(
        p / "0.png", p / "1.png", model="tiny", reference_source="label"
    ),
    "capability_missing": lambda client, p: client.images.translate_image(p / "0.png", model="drawn"),
    "model_not_found": lambda client, p: client.galleries.create("x", "nothing"),
    "gallery_not_found": lambda client, p: client.galleries.get("nothing"),
    "photo_not_found": lambda client, p: client.photos.get("strokes", 9999),
    "reindex_not_found": lambda client, p: client.reindex.get("strokes"),
    "gallery_exists": lambda client, p: client.galleries.create("strokes", "strokes"),
    "gallery_outdated": lambda client, p: client.images.retrieve(p / "0.png", gallery=OUTDATED),
    "gallery_damaged": lambda client, p: client.galleries.get(DAMAGED),
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_raises_problem_error(call, pictures, code):
    with pytest.raises(ProblemError) as raised:
        call(lambda client: BAD_REQUESTS[code](client, pictures))
    problem = raised.value
    assert (problem.code, problem.status) == (code, PROBLEMS[code])
    assert len(problem.detail) > 15
    assert re.fullmatch(r"[0-9a-f]{32}", problem.request_id)
    assert [error.field for error in problem.errors] == (["k"] if code == "parameter_invalid" else [])
    assert str(problem) == f"{problem.status} {code}: {problem.detail}"


def test_too_large_upload_raises_413(call):
    with pytest.raises(ProblemError) as raised:
        call(lambda client: client.images.embed(bytes(6_000_000), model="tiny"))
    assert (raised.value.status, raised.value.code) == (413, "upload_too_large")


def test_client_sends_its_key(caller_type, closed_server):
    def code(key: str | None, request) -> str:
        caller = caller_type(closed_server.url, api_key=key)
        try:
            caller(request)
        except ProblemError as problem:
            return problem.code
        finally:
            caller.close()
        return "allowed"

    read, write = (lambda client: client.models.list()), (lambda client: client.models.reload())
    assert [code(key, read) for key in (None, "wrong", READER, ADMIN)] == [
        "key_missing",
        "key_refused",
        "allowed",
        "allowed",
    ]
    assert [code(key, write) for key in (READER, ADMIN)] == ["key_refused", "allowed"]


def test_other_host_name_raises_origin_refused(caller_type, open_server):
    caller = caller_type(f"http://0.0.0.0:{open_server.port}")
    with pytest.raises(ProblemError) as raised:
        caller(lambda client: client.models.list())
    caller.close()
    assert (raised.value.status, raised.value.code) == (403, "origin_refused")


def test_overload_raises_429_with_retry_after(full_server, pictures):
    server, make_room = full_server

    async def several() -> list[object]:
        async with AsyncClient(server.url, api_key=READER) as client:
            calls = (client.images.translate(pictures / "0.png", model="tiny") for _ in range(4))
            return await asyncio.gather(*calls, return_exceptions=True)

    problems = asyncio.run(several())
    assert {(problem.status, problem.code) for problem in problems} == {(429, "overloaded")}
    assert all(problem.retry_after >= 1 for problem in problems)
    make_room()
    assert not any(isinstance(answer, Exception) for answer in asyncio.run(several()))


class PausingTransport(httpx.HTTPTransport):
    """Sends half of the body, pauses, and sends the rest."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.halfway = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()

        def halves() -> Iterator[bytes]:
            yield body[: len(body) // 2]
            self.halfway.set()
            time.sleep(self.seconds)
            yield body[len(body) // 2 :]

        return super().handle_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=halves())
        )


def test_paused_upload_raises_408(closed_server, pictures):
    with (
        Client(closed_server.url, api_key=READER, transport=PausingTransport(2)) as client,
        pytest.raises(ProblemError) as raised,
    ):
        client.images.embed(pictures / "0.png", model="tiny")
    assert (raised.value.status, raised.value.code) == (408, "upload_too_slow")


def test_request_cut_off_by_shutdown_raises_503_with_retry_after(tmp_path, pictures):
    publish_tiny(tmp_path)
    server = Server(tmp_path, IIAE_DRAIN_SECONDS="1").ready()
    transport = PausingTransport(4)
    stopping = threading.Thread(
        target=lambda: (transport.halfway.wait(30), time.sleep(0.3), server.process.terminate())
    )
    stopping.start()
    with Client(server.url, transport=transport) as client, pytest.raises(ProblemError) as raised:
        client.images.embed(pictures / "0.png", model="tiny")
    stopping.join()
    server.stop()
    assert (raised.value.status, raised.value.code) == (503, "not_ready")
    assert raised.value.retry_after >= 1


def test_no_answer_raises_an_httpx_error(caller_type, open_server):
    caller = caller_type("http://127.0.0.1:1")
    with pytest.raises(httpx.ConnectError):
        caller(lambda client: client.service.live())
    caller.close()


def test_proxy_error_raises_problem_error(caller_type):
    class BadGateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(502)
            self.send_header("X-Request-ID", "of-the-proxy")
            self.end_headers()
            self.wfile.write(b"<h1>Bad Gateway</h1>")

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), BadGateway) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        caller = caller_type(f"http://127.0.0.1:{proxy.server_port}")
        with pytest.raises(ProblemError) as raised:
            caller(lambda client: client.models.list())
        caller.close()
        proxy.shutdown()
    problem = raised.value
    assert (problem.status, problem.code, problem.request_id) == (502, "http_502", "of-the-proxy")
    assert "Bad Gateway" in problem.detail


def test_another_version_of_the_api_is_a_warning(caller_type):
    class Newer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("X-API-Version", "2")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"models": [], "rejected": []}')

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Newer) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        caller = caller_type(f"http://127.0.0.1:{service.server_port}")
        with pytest.warns(UserWarning, match="version 2 of its API, but this client is of version 1"):
            assert caller(lambda client: client.models.list()).models == []
        caller.close()
        service.shutdown()


def test_readme_example_runs(open_server, gallery, pictures, tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (CLIENTS / "python/README.md").read_text(), re.DOTALL)
    assert "http://127.0.0.1:8000" in example
    assert len(example.strip().splitlines()) <= 10
    (tmp_path / "sketch.png").write_bytes((pictures / "3.png").read_bytes())
    program = example.replace("http://127.0.0.1:8000", open_server.url) + "\nprint(len(picture))"
    path = {"PYTHONPATH": str(CLIENTS / "python"), "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    *hits, length = run.stdout.splitlines()
    assert len(hits) == 5
    assert re.fullmatch(r"\d\.\d{3} noise /galleries/noise/photos/\d\?v=[0-9a-f]{12}", hits[0])
    assert int(length) > 100


def test_client_passes_strict_mypy(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from iiae_client import Client\n"
        'hits = Client().sbir.search("a.png", k=5).hits\n'
        "scores: list[float] = [hit.score for hit in hits]\n"
    )
    for source, status in ((program.read_text(), 0), (program.read_text().replace("k=5", 'k="5"'), 1)):
        program.write_text(source)
        checked = subprocess.run(
            [
                sys.executable,
                "-m",
                "mypy",
                "--strict",
                "--config-file=",
                "--cache-dir",
                tmp_path / "cache",
                program,
                CLIENTS / "python/iiae_client",
            ],
            cwd=tmp_path,
            env={"MYPYPATH": str(CLIENTS / "python"), "PATH": ""},
            capture_output=True,
            text=True,
        )
        assert checked.returncode == status, checked.stdout
