"""Clients that read their responses slowly or not at all."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import Server

IDLE, TOTAL = 1, 4
"""The service's limits in seconds."""
SCRIPT = "/docs/static/redoc.standalone.js"
"""A file of 1 MB."""
REQUEST = f"GET {SCRIPT} HTTP/1.1\r\nHost: localhost\r\n".encode()
LARGE = 10 * (REQUEST + b"\r\n") + REQUEST
"""Requests for more bytes than the buffers of the system hold. The headers of the last one are incomplete."""
SMALL = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with Server(home, IIAE_IDLE_SECONDS=str(IDLE), IIAE_UPLOAD_SECONDS=str(TOTAL)) as running:
        yield running.live()


@contextlib.contextmanager
def reader(server: Server) -> Iterator[socket.socket]:
    """Yield a connection whose client can buffer only little."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", server.port))
        yield connection


def metric(server: Server, name: str) -> float:
    families = text_string_to_metric_families(server.client.get("/metrics").text)
    return next(sample.value for family in families for sample in family.samples if sample.name == name)


def seconds_until_aborted(server: Server, connection: socket.socket, pause: float, size: int) -> float:
    """Return the seconds until the server aborts the connection, while the client reads slowly."""
    aborted, began = metric(server, "iiae_aborted_writes_total"), time.monotonic()
    while metric(server, "iiae_aborted_writes_total") == aborted:
        assert time.monotonic() - began < 10 * TOTAL, "the connection is still open"
        time.sleep(pause)
        if size:
            connection.recv(size)
    return time.monotonic() - began


@pytest.mark.parametrize("ending", [b"\r\n", b"Connection: close\r\n\r\n"], ids=["kept alive", "closing"])
def test_a_client_that_does_not_read_is_disconnected(server, ending):
    with reader(server) as connection:
        connection.sendall(LARGE + ending)
        assert seconds_until_aborted(server, connection, 0.1, 0) < 4 * IDLE


def test_a_client_that_reads_a_byte_at_a_time_is_disconnected(server):
    with reader(server) as connection:
        connection.sendall(LARGE + b"\r\n")
        assert seconds_until_aborted(server, connection, 0.1, 1) < 4 * IDLE


def test_a_response_has_a_total_time_limit(server):
    with reader(server) as connection:
        connection.sendall(LARGE + b"\r\n")
        assert 0.8 * TOTAL < seconds_until_aborted(server, connection, 0.1, 20_000) < 3 * TOTAL


def test_a_client_that_pauses_gets_its_whole_response(server):
    expected = server.client.get(SCRIPT).content
    with reader(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200_000)
        connection.sendall(LARGE + b"Connection: close\r\n\r\n")
        received, began = b"", time.monotonic()
        while data := connection.recv(200_000):
            received += data
            if time.monotonic() - began < 2.5 * IDLE:
                time.sleep(IDLE / 4)
        assert received.count(expected) == 11


def test_connections_are_counted(server):
    before = metric(server, "iiae_connections")
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(reader(server)).sendall(SMALL)
        time.sleep(0.2)
        assert metric(server, "iiae_connections") == before + 5
