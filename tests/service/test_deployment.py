"""A deployed service: keys, new checkpoints without failed requests, and the loss of Redis.

`benchmarks/chaos/scenarios/` has the tests with `kill -9` and with settings that would leave it open.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from serving import Server, png, publish_sketch, publish_tiny

from benchmarks.shared.redis_process import RedisProcess

HALF_AN_UPLOAD = (
    b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 1000\r\n\r\n--b"
)


READER, ADMIN = "reader-key-0123456789", "admin-key-0123456789"


@pytest.fixture
def own_home(tmp_path):
    publish_tiny(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def server_that_reloads(tmp_path_factory):
    """A client and the home of a server that looks for checkpoints only on request."""
    home = tmp_path_factory.mktemp("reloads")
    for name in ("tiny", "replaced"):
        publish_tiny(home, name)
    with Server(home, IIAE_STORE_POLL_SECONDS="3600").ready() as running:
        yield running.client, home


@pytest.fixture(scope="module")
def server_with_keys(tmp_path_factory):
    """A server with keys. Afterwards its log and the names of its files show no key."""
    home = tmp_path_factory.mktemp("keys")
    publish_tiny(home)
    with Server(home, IIAE_API_KEYS=READER, IIAE_ADMIN_KEYS=ADMIN).ready() as running:
        yield running
    assert READER not in running.log.read_text() + "".join(path.name for path in home.iterdir())


@pytest.fixture(scope="module")
def server_with_defaults(tmp_path_factory):
    """A server with a default model and a default gallery."""
    home = tmp_path_factory.mktemp("defaults")
    for name in ("another", "tiny"):
        publish_tiny(home, name)
    publish_sketch(home)
    with Server(home, IIAE_DEFAULT_GALLERY="second", IIAE_DEFAULT_MODEL="tiny").ready() as running:
        yield running


def test_no_request_fails_while_a_new_checkpoint_is_loaded(own_home):
    server = Server(own_home).ready()
    try:
        first = server.client.get("/models/tiny").json()["version"]
        statuses: list[int] = []
        done = threading.Event()

        def send_requests() -> None:
            with httpx.Client(base_url=server.url, timeout=30) as client:
                while not done.is_set():
                    statuses.append(
                        client.post("/translate", files={"image": png()}, data={"model": "tiny"}).status_code
                    )

        sender = threading.Thread(target=send_requests)
        sender.start()
        published = publish_tiny(own_home, seed=1)
        until = time.monotonic() + 20
        while server.client.get("/models/tiny").json()["version"] == first and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)
        done.set()
        sender.join()
        assert server.client.get("/models/tiny").json()["version"] == published.name
        assert set(statuses) == {200}
        assert len(statuses) > 5
    finally:
        assert server.stop() == 0


def test_a_running_service_serves_a_newly_trained_checkpoint(own_home):
    server = Server(own_home).ready()
    try:
        first = server.client.get("/models/tiny").json()["version"]
        before = server.client.post("/embed", files={"image": png()}, data={"model": "tiny"}).json()["values"]
        arguments = [
            "train",
            "facades",
            "--reader",
            "synthetic",
            "--data",
            own_home,
            "--name",
            "tiny",
            "--image-size",
            "32",
            "--width",
            "0.125",
            "--steps",
            "4",
        ]
        environment = {**os.environ, "IIAE_HOME": str(own_home), "OMP_NUM_THREADS": "1"}
        subprocess.run(
            [sys.executable, "-m", "service.cli", *map(str, arguments)],
            env=environment,
            check=True,
            capture_output=True,
            timeout=100,
        )
        until = time.monotonic() + 20
        while (model := server.client.get("/models/tiny").json())[
            "version"
        ] == first and time.monotonic() < until:
            time.sleep(0.1)
        assert model["version"] in {
            folder.name for folder in (own_home / "checkpoints" / "tiny").iterdir()
        } - {first}
        assert "val_top1_shared_xy" in model["metrics"]
        assert (
            server.client.post("/embed", files={"image": png()}, data={"model": "tiny"}).json()["values"]
            != before
        )
    finally:
        server.stop()


def test_a_broken_checkpoint_is_not_served_and_listed_with_its_reason(server_that_reloads):
    client, home = server_that_reloads
    first = client.get("/models/tiny").json()["version"]
    broken = publish_tiny(home, seed=1)
    (broken / "weights.safetensors").write_bytes(b"broken")
    client.post("/models/reload")
    answer = client.get("/models").json()
    serving = {model["id"]: model["version"] for model in answer["models"]}
    assert serving["tiny"] == first
    assert [(rejected["id"], rejected["version"]) for rejected in answer["rejected"]] == [
        ("tiny", broken.name)
    ]
    assert "the weights are damaged" in answer["rejected"][0]["reason"]


def test_a_search_of_an_outdated_gallery_is_refused_with_a_remedy(server_that_reloads):
    client, home = server_that_reloads
    client.post("/galleries", json={"name": "g", "model": "replaced"}).raise_for_status()
    publish_tiny(home, "replaced", seed=1)
    client.post("/models/reload").raise_for_status()
    answer = client.post("/retrieve", files={"image": png()}, data={"gallery": "g"})
    assert (answer.status_code, answer.json()["code"]) == (409, "gallery_outdated")
    assert "`iiae reindex g`" in answer.json()["detail"]
    assert client.get("/galleries/g").json()["outdated"]


def test_keys_allow_to_read_and_administrators_keys_to_write(server_with_keys):
    def status(method: str, path: str, key: str | None, **body: object) -> int:
        headers = {} if key is None else {"X-API-Key": key}
        return server_with_keys.client.request(method, path, headers=headers, **body).status_code

    new = {"json": {"name": "g", "model": "tiny"}}
    keys = (None, "wrong", READER, ADMIN)
    assert [status("GET", "/models", key) for key in keys] == [401, 403, 200, 200]
    assert [status("POST", "/galleries", key, **new) for key in keys] == [401, 403, 403, 201]
    assert status("GET", "/health/live", None) == status("GET", "/health/ready", None) == 200
    assert status("POST", "/translate", None, files={"image": png()}) == 401


def test_a_request_cut_off_by_the_drain_timeout_gets_not_ready(own_home):
    server = Server(own_home, IIAE_DRAIN_SECONDS="1").ready()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as uploader:
        uploader.sendall(HALF_AN_UPLOAD)
        time.sleep(0.3)
        server.process.terminate()
        answer = http.client.HTTPResponse(uploader)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["code"]) == (503, "not_ready")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"]
        assert answer.headers["X-Request-ID"]
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_keys_are_checked_before_the_body_is_received(server_with_keys):
    def answer(path: str, key: str, content_type: str, length: int, body: bytes) -> tuple[int, str]:
        with socket.create_connection(("127.0.0.1", server_with_keys.port), timeout=5) as connection:
            head = (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {length}\r\n{key}\r\n"
            )
            connection.sendall(head.encode() + body)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.status, json.loads(response.read())["code"]

    reader, admin = f"X-API-Key: {READER}\r\n", f"X-API-Key: {ADMIN}\r\n"
    form, half = (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n',
    )
    for path in ("/translate", "/analogy", "/embed", "/sbir/search", "/retrieve", "/galleries/g/photos"):
        assert answer(path, "", form, 14_000_000, half) == (401, "key_missing"), path
    assert answer("/galleries/g/photos", reader, form, 14_000_000, half) == (403, "key_refused")
    assert answer("/galleries", "", "application/json", 1, b"{") == (401, "key_missing")
    assert answer("/galleries", reader, "application/json", 1, b"{") == (403, "key_refused")
    assert answer("/galleries", admin, "application/json", 1, b"{") == (422, "parameter_invalid")


def test_a_stalled_body_is_answered_and_its_connection_closed(own_home):
    server = Server(own_home, IIAE_IDLE_SECONDS="1").ready()
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as uploader:
            uploader.sendall(HALF_AN_UPLOAD)
            answer = http.client.HTTPResponse(uploader)
            answer.begin()
            problem = json.loads(answer.read())
            assert (answer.status, problem["code"], problem["request_id"]) == (
                408,
                "upload_too_slow",
                answer.headers["X-Request-ID"],
            )
            assert uploader.recv(1) == b""
    finally:
        server.stop()


def test_the_default_gallery_is_listed_first_and_searched_by_default(server_with_defaults):
    client = server_with_defaults.client
    for name in ("first", "second", "third"):
        client.post("/galleries", json={"name": name, "model": "drawn"}).raise_for_status()
    galleries = client.get("/galleries").json()["galleries"]
    assert [gallery["name"] for gallery in galleries] == ["second", "first", "third"]
    assert client.post("/sbir/search", files={"sketch": png()}).json()["gallery"] == "second"


def test_the_default_model_is_listed_first_and_used_by_default(server_with_defaults):
    client = server_with_defaults.client
    assert [model["id"] for model in client.get("/models").json()["models"]][:1] == ["tiny"]
    assert client.post("/translate", files={"image": png()}).json()["model"] == "tiny"


def test_the_service_answers_with_all_shipped_defaults(own_home):
    """Among them are the number of threads and how they wait. Other tests use one thread, see `Server`."""
    server = Server(own_home, shipped_defaults=True, OMP_DISPLAY_ENV="VERBOSE").ready()
    try:
        server.client.post("/galleries", json={"name": "g", "model": "sketchy"}).raise_for_status()
        server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
        hits = server.client.post("/sbir/search", files={"sketch": png(1)}, data={"gallery": "g"}).json()[
            "hits"
        ]
        assert len(hits) == 1
    finally:
        assert server.stop() == 0
    log = server.log.read_text()
    assert f"OMP_NUM_THREADS = '{os.cpu_count()}'" in log
    assert "GOMP_SPINCOUNT = '1000'" in log


def test_redis_is_shared_and_its_loss_fails_no_request(own_home):
    redis = RedisProcess(own_home)
    try:
        servers = [Server(own_home, IIAE_REDIS_URL=redis.url).ready() for _ in range(2)]
        first = servers[0].client.post("/embed", files={"image": png()}, data={"model": "tiny"}).json()
        time.sleep(0.5)
        assert (
            servers[1].client.post("/embed", files={"image": png()}, data={"model": "tiny"}).json() == first
        )
        assert "iiae_cache_redis_hits_total 1.0" in servers[1].client.get("/metrics").text
        redis.kill()
        for seed in range(8):
            answer = servers[0].client.post("/embed", files={"image": png(seed)}, data={"model": "tiny"})
            assert answer.status_code == 200
        assert servers[0].client.get("/health/ready").json()["degraded"] == ["redis"]
        for server in servers:
            assert server.stop() == 0
    finally:
        redis.kill()
