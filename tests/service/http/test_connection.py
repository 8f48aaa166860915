"""Limits on connections whose request is not complete, and on headers."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from serving import Server

IDLE = 1
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def server_with_short_timeout(home):
    running = Server(home, IIAE_IDLE_SECONDS=str(IDLE)).ready()
    yield running
    running.stop()


@pytest.fixture
def connect(server_with_short_timeout):
    @contextmanager
    def connected() -> Iterator[socket.socket]:
        with socket.create_connection(
            ("127.0.0.1", server_with_short_timeout.port), timeout=10
        ) as connection:
            yield connection

    return connected


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def closed_after(connection: socket.socket, drip: bytes = b"") -> float:
    """Return the seconds until the server closes the connection, while `drip` is sent repeatedly."""
    began = time.monotonic()
    connection.settimeout(IDLE / 4)
    while time.monotonic() - began < 10 * IDLE:
        try:
            connection.sendall(drip)
            if connection.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def test_headers_have_a_size_limit(connect):
    with connect() as connection:
        connection.sendall(GET + b"X-A: " + b"a" * 60_000 + b"\r\n\r\n")
        assert answer(connection)[0] == 200
    for size in (66_000, 200_000):
        with connect() as connection:
            connection.sendall(GET + b"X-A: " + b"a" * size + b"\r\n\r\n")
            status, problem = answer(connection)
            assert (status, problem["code"]) == (431, "head_too_large")


def test_spaces_after_a_value_are_not_part_of_it(connect):
    with connect() as connection:
        connection.sendall(b"GET /models HTTP/1.1\r\nHost: 127.0.0.1 \t\r\n\r\n")
        assert answer(connection)[0] == 200


@pytest.mark.parametrize(
    "block", [b"a" * 1_000_000, (b"X-A: " + b"a" * 90 + b"\r\n") * 10_000], ids=["one", "many"]
)
def test_endless_headers_are_cut_off(connect, block):
    sent = 0
    with connect() as connection:
        connection.sendall(GET + b"X-A: ")
        try:
            while sent < 60_000_000:
                connection.sendall(block)
                sent += len(block)
        except OSError:
            pass
    assert sent < 20_000_000  # the rest is what the system's buffers hold


def test_endless_trailers_are_cut_off(connect):
    sent = 0
    with connect() as connection:
        connection.sendall(
            b"POST /galleries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-A: "
        )
        try:
            while sent < 60_000_000:
                connection.sendall(b"a" * 1_000_000)
                sent += 1_000_000
        except OSError:
            pass
    assert sent < 20_000_000


def test_trailers_are_no_headers(connect):
    with connect() as connection:
        connection.sendall(
            b"POST /galleries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Request-ID: of-the-trailer\r\n\r\n"
        )
        status, problem = answer(connection)
        assert status == 422
        assert problem["request_id"] != "of-the-trailer"
        connection.sendall(GET + b"X-Request-ID: of-the-header\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.headers["X-Request-ID"] == "of-the-header"


@pytest.mark.parametrize(
    "start",
    [b"", b"G", b"GET / HTTP/1.1\r\nHo", GET + b"\r\n" + GET],
    ids=["nothing", "a letter", "half the headers", "half the headers of a second request"],
)
@pytest.mark.parametrize("drip", [b"", b"a"], ids=["silent", "dripping"])
def test_a_connection_with_incomplete_headers_is_closed(connect, start, drip):
    with connect() as connection:
        connection.sendall(start)
        if start.startswith(GET):
            assert answer(connection)[0] == 200
        assert closed_after(connection, drip) < 4 * IDLE


def test_a_connection_with_an_unfinished_body_is_closed_after_the_answer(connect):
    with connect() as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        assert answer(connection)[0] == 404
        assert closed_after(connection, b"a") < 4 * IDLE


def test_a_body_after_its_answer_does_not_disturb_the_next_request(connect):
    with connect() as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n")
        assert answer(connection)[0] == 404
        connection.sendall(b"a" * 400_000)
        connection.sendall(GET + b"\r\n")
        assert answer(connection)[0] == 200


def test_a_connection_serves_several_split_and_pipelined_requests(connect):
    with connect() as connection:
        began = time.monotonic()
        while time.monotonic() - began < 2.5 * IDLE:  # longer than the timeout of one request
            connection.sendall(GET[:10])
            time.sleep(IDLE / 4)
            connection.sendall(GET[10:] + b"\r\n")
            assert answer(connection)[0] == 200
        connection.sendall((GET + b"\r\n") * 3)
        received = b""
        while received.count(b'"live"') < 3:
            received += connection.recv(10_000)


def test_bytes_that_are_not_http_get_a_problem(connect):
    with connect() as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        status, problem = answer(connection)
        assert (status, problem["code"]) == (400, "request_malformed")
        assert connection.recv(1) == b""


UPLOAD = (
    b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
FORM = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize(("size", "status"), [(1, 400), (60, 400), (70, 422)])
def test_many_tiny_chunks_are_refused(connect, size, status):
    with connect() as connection:
        connection.sendall(UPLOAD + chunk(FORM) + chunk(b"a" * size) * 20_000 + chunk(b"\r\n--b--\r\n"))
        connection.sendall(b"0\r\n\r\n")
        found, problem = answer(connection)
        assert found == status
        assert ("tiny chunks" in problem["detail"]) == (status == 400)


def test_some_tiny_chunks_are_accepted(connect):
    with connect() as connection:
        body = FORM + b"a" * 900 + b"\r\n--b--\r\n"
        connection.sendall(UPLOAD + b"".join(chunk(bytes([byte])) for byte in body[:950]))
        connection.sendall(chunk(body[950:]) + b"0\r\n\r\n")
        assert answer(connection)[0] == 422


def test_chunks_that_are_not_valid_get_a_problem_even_while_the_body_is_read(connect):
    with connect() as connection:
        connection.sendall(UPLOAD + chunk(FORM))
        time.sleep(0.1)
        connection.sendall(b"no chunk\r\n")
        status, problem = answer(connection)
        assert (status, problem["code"]) == (400, "request_malformed")
        assert connection.recv(1) == b""


def test_many_pipelined_requests_are_cut_off(connect):
    with connect() as connection:
        connection.sendall((GET + b"\r\n") * 60)
        received = b""
        while received.count(b'"live"') < 60:
            received += connection.recv(100_000)
    with connect() as connection:
        connection.sendall((GET + b"\r\n") * 4000)
        received = b""
        try:
            while data := connection.recv(100_000):
                received += data
        except ConnectionError:
            pass
        assert received.count(b'"live"') < 4000


@pytest.fixture
def small_server(home):
    with Server(home, IIAE_MAX_CONNECTIONS="4") as running:
        running.live()
        running.client.close()  # it would keep a connection open
        yield running


def ask(port: int) -> tuple[socket.socket, int]:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(GET + b"\r\n")
    return connection, answer(connection)[0]


def is_closed(connection: socket.socket, within: float) -> bool:
    connection.settimeout(within)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(10)


def test_a_new_connection_replaces_the_one_that_is_idle_for_longest(small_server):
    connections = []
    for _ in range(6):
        connection, status = ask(small_server.port)
        connections.append(connection)
        assert status == 200
        time.sleep(0.1)  # the server counts a connection as idle a moment after its answer
    assert all(is_closed(connection, within=5) for connection in connections[:2])
    assert not any(is_closed(connection, within=0.2) for connection in connections[2:])
    for connection in connections[2:]:
        connection.sendall(GET + b"\r\n")
        assert answer(connection)[0] == 200
        connection.close()


def test_too_many_busy_connections_are_refused(small_server):
    busy = [socket.create_connection(("127.0.0.1", small_server.port), timeout=10) for _ in range(4)]
    for connection in busy:
        connection.sendall(UPLOAD)
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", small_server.port), timeout=10) as refused:
        status, problem = answer(refused)
        assert (status, problem["code"]) == (503, "too_many_connections")
    busy.pop().close()
    time.sleep(0.3)
    connection, status = ask(small_server.port)
    assert status == 200
    for each in (*busy, connection):
        each.close()
