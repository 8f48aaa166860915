"""A store of tiny untrained checkpoints and a real server on a socket."""

import pytest
from serving import Server, publish_sketch, publish_tiny


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    publish_tiny(folder)
    publish_sketch(folder)
    publish_sketch(folder, "strokes", drawings=True)
    return folder


@pytest.fixture(scope="session")
def server(home):
    running = Server(home, IIAE_MAX_UPLOAD_MB="2", IIAE_MAX_IMAGES="8").ready()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server):
    return server.client
