"""Traces of a real server: what a collector receives, and that no collector is needed."""

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from serving import Server, png, publish_sketch

from model.errors import UserError
from service.http.traces import open_traces
from service.settings import Settings

KEY = "reader-key-0123456789"
ADMIN = "admin-key-0123456789"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """An OTLP/HTTP receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    data = gzip.decompress(data)
                collector.requests.append(ExportTraceServiceRequest.FromString(data))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def spans(self) -> list:
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    try:
        yield collector
    finally:
        collector.stop()


def test_a_search_is_traced_from_the_request_to_the_forward_pass(tmp_path):
    publish_sketch(tmp_path)
    with collecting() as collector:
        server = Server(
            tmp_path,
            IIAE_TRACES_URL=collector.url,
            IIAE_API_KEYS=f"app:{KEY}",
            IIAE_ADMIN_KEYS=ADMIN,
            OTEL_BSP_SCHEDULE_DELAY="100",
        ).ready()
        admin = {"X-API-Key": ADMIN}
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}, headers=admin)
        server.client.post("/galleries/g/photos", files={"image": png(1)}, headers=admin)
        headers = {"X-API-Key": KEY, "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        for _ in range(2):  # the second comes from the cache
            answer = server.client.post(
                "/sbir/search", files={"sketch": png()}, data={"folder": "secret"}, headers=headers
            )
            assert answer.status_code == 200, answer.text
        server.client.get("/health/ready")
        server.stop()  # exports the rest
        spans = [span for span in collector.spans if span.trace_id.hex() == TRACE]
        names = [span.name for span in spans]
        assert names.count("POST /sbir/search") == 2
        by_id = {span.span_id: span for span in spans}
        pairs = {
            (span.name, by_id[span.parent_span_id].name) for span in spans if span.parent_span_id in by_id
        }
        assert pairs == {
            ("cache", "POST /sbir/search"),
            ("decode", "cache"),
            ("queue", "cache"),
            ("forward", "cache"),
            ("search", "POST /sbir/search"),
        }
        assert {name: names.count(name) for name in ("cache", "decode", "search", "forward")} == {
            "cache": 2,
            "decode": 1,
            "search": 2,
            "forward": 1,
        }
        request = next(span for span in spans if span.name == "POST /sbir/search")
        attributes = {each.key: each.value for each in request.attributes}
        assert attributes["http.response.status_code"].int_value == 200
        assert attributes["http.route"].string_value == "/sbir/search"
        assert attributes["iiae.key"].string_value == "app"
        everything = b"".join(request.SerializeToString() for request in collector.requests)
        assert KEY.encode() not in everything
        assert b"secret" not in everything
        assert b"health" not in everything


def test_a_collector_that_is_down_fails_no_request_and_delays_no_stop(home):
    server = Server(home, IIAE_TRACES_URL="http://127.0.0.1:9").ready()
    for seed in range(3):
        assert server.client.post("/embed", files={"image": png(seed)}).status_code == 200
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10


def test_opentelemetrys_own_variable_switches_traces_on(monkeypatch):
    assert Settings().traces_url is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    assert Settings().traces_url == "http://collector:4318"
    monkeypatch.setenv("IIAE_TRACES_URL", "http://another:4318")
    assert Settings().traces_url == "http://another:4318"
    assert Settings(traces_url="http://third").traces_url == "http://third"


def test_without_opentelemetry_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UserError, match=r"pip install 'iiae\[otel\]'"):
        open_traces("http://127.0.0.1:9")


def test_without_traces_no_exporter_is_imported(tmp_path):
    code = (
        "import sys; from service.http.app import create_app; from service.settings import Settings; "
        f"create_app(Settings(home={str(tmp_path)!r}, device='cpu')); "
        "sys.exit('opentelemetry.exporter' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
