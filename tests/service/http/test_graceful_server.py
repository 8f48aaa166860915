"""After a stop signal the service is first not ready, then closes its port, then finishes what runs."""

import http.client
import json
import signal
import socket
import time

import httpx
import pytest
from serving import Server

DELAY = 3


@pytest.fixture
def server(home):
    running = Server(home, IIAE_SHUTDOWN_DELAY_SECONDS=str(DELAY)).ready()
    yield running
    running.process.kill()
    running.process.wait()


def test_the_service_is_not_ready_before_its_port_closes(server):
    server.process.terminate()
    signalled = time.monotonic()
    statuses, closed = [], 0.0
    while time.monotonic() < signalled + 30:
        try:
            with httpx.Client(base_url=server.url, timeout=10) as client:  # a new connection each time
                ready = client.get("/health/ready")
                work = client.get("/models", headers={"Connection": "keep-alive"})
        except httpx.TransportError:
            closed = time.monotonic() - signalled
            break
        statuses.append((ready.status_code, work.status_code))
        last = ready, work
        time.sleep(0.1)
    assert set(statuses[1:]) == {(503, 200)}
    assert len(statuses) > 5
    assert closed > 0.8 * DELAY
    ready, work = last
    assert ready.json()["code"] == "not_ready"
    assert work.headers["connection"] == "close"
    assert server.process.wait(20) == 0


def test_a_request_in_flight_finishes_after_the_port_closed(home):
    server = Server(home).ready()  # no delay
    body = b'{"name": "in-flight", "model": "tiny"}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        head = f"POST /galleries HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:10])
        time.sleep(0.3)
        server.process.terminate()
        time.sleep(1)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        connection.sendall(body[10:])
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, json.loads(response.read())["name"]) == (201, "in-flight")
    assert server.process.wait(20) == 0


def test_a_second_interrupt_skips_the_wait(home):
    server = Server(home, IIAE_SHUTDOWN_DELAY_SECONDS="60").ready()
    server.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert server.client.get("/health/ready").status_code == 503
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 0
    assert "Finished server process" in server.log.read_text()  # the last entries are written


def test_the_status_is_0_even_if_the_stop_signal_is_repeated(home):
    server = Server(home).ready()
    while server.process.poll() is None:
        server.process.terminate()
        time.sleep(0.002)
    assert server.process.returncode == 0


def test_a_closed_terminal_does_not_interrupt_the_stop(home):
    server = Server(home, IIAE_SHUTDOWN_DELAY_SECONDS="1").ready()
    server.process.terminate()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(20) == 0
