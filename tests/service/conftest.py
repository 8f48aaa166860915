"""A store of tiny untrained checkpoints, and a server process."""

import pytest
from serving import EXPANDED_CURVE, PHOTO_CURVE, SKETCH_CURVE, Server, publish_sketch, publish_tiny
from small_disk import SmallDisk


@pytest.fixture
def small_disk(tmp_path):
    try:
        disk = SmallDisk(tmp_path / "disk")
    except (OSError, FileNotFoundError) as error:
        pytest.skip(f"cannot mount a small disk: {error}")
    yield disk
    disk.unmount()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    publish_tiny(folder)
    publish_sketch(folder)
    publish_sketch(folder, "strokes", drawings=True)
    publish_sketch(folder, "knowing", things=6)
    publish_sketch(
        folder, "calibrated", calibration={"x": PHOTO_CURVE, "y": SKETCH_CURVE, "y_expanded": EXPANDED_CURVE}
    )
    return folder


@pytest.fixture(scope="session")
def server(home):
    running = Server(home, IIAE_MAX_UPLOAD_MB="2", IIAE_MAX_IMAGES="8").ready()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server):
    return server.client
