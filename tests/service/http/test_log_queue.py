"""Logging never blocks: a stuck reader of the log costs entries, not requests."""

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time

import httpx

from benchmarks.shared.server_process import free_port
from service.http.log_queue import LogQueue


def entry(text: str) -> logging.LogRecord:
    return logging.LogRecord("a", logging.INFO, __file__, 1, "%s", (text,), None)


def test_entries_are_written_in_order_and_before_it_closes():
    written: list[bytes] = []
    log = LogQueue(logging.Formatter("%(message)s"), write=written.append)
    for number in range(100):
        log.emit(entry(f"entry {number}"))
    log.close()
    assert b"".join(written) == b"".join(b"entry %d\n" % number for number in range(100))
    assert log.dropped == 0


def test_a_stuck_writer_drops_entries_and_blocks_nobody():
    released = threading.Event()
    log = LogQueue(logging.Formatter(), write=lambda _: released.wait(), max_entries=10)
    began = time.monotonic()
    for number in range(100):
        log.emit(entry(str(number)))
    assert time.monotonic() - began < 1
    assert 88 <= log.dropped <= 90
    released.set()
    log.close()


def test_a_broken_stream_is_no_error_of_the_caller():
    def fail(data: bytes) -> None:
        raise BrokenPipeError

    log = LogQueue(logging.Formatter(), write=fail)
    log.emit(entry("a"))
    log.close()
    assert log.dropped == 1


def test_wrong_arguments_of_an_entry_are_no_error_of_the_caller():
    written: list[bytes] = []
    log = LogQueue(logging.Formatter("%(message)s"), write=written.append)
    log.emit(logging.LogRecord("a", logging.INFO, __file__, 1, "%d items", ("many",), None))
    log.close()
    assert written == [b"%d items (its arguments are wrong: TypeError)\n"]


def test_an_entry_keeps_no_traceback_alive():
    written: list[bytes] = []
    formatter = logging.Formatter()
    log = LogQueue(formatter, write=written.append)
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        record = logging.LogRecord("a", logging.INFO, __file__, 1, "failed", (), sys.exc_info())
    log.emit(record)
    log.close()
    assert b"ZeroDivisionError" in written[0]


def test_a_server_answers_and_stops_although_nobody_reads_its_log(home):
    port = free_port()
    read, write = os.pipe()
    environment = {**os.environ, "IIAE_HOME": str(home), "IIAE_PORT": str(port), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "service.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stderr=write)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    if client.get("/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            for _ in range(1_000):  # 150 bytes each; a pipe holds 64 KiB
                assert client.get("/models/" + "a" * 60).status_code == 404
            metrics = client.get("/metrics").text
            assert re.search(r"iiae_log_dropped_total 0\.0", metrics)  # the queue holds them
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
        os.close(read)
        os.close(write)
