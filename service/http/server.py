"""Run the app with uvicorn: one process per device, with limits on request headers.

`Connection` uses uvicorn's internals because uvicorn has no setting against two attacks:

- Endless headers: uvicorn collects a request's headers and trailers in memory, however many there are.
  One client can exhaust the memory of the process.
- Slow headers (Slowloris): uvicorn stops its keep-alive timer at the first byte of a request, then waits for
  the rest forever. A client that opens many connections and sends half a header on each keeps them all open.

Middleware cannot stop them: the app first sees a request when its headers are complete.
"""

import asyncio
import sys
from contextlib import suppress

import uvicorn
from asgi_correlation_id import correlation_id
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.http.app import create_app
from service.http.graceful_server import GracefulServer
from service.http.logs import configure_logging
from service.http.problems import problem
from service.settings import Settings

MAX_HEAD = 65_536
"""Bytes of a request before its body: request line and headers."""

CLOSE = {"Connection": "close"}
STARTUP_FAILED = 3
"""Exit status if the server could not start, as uvicorn's."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with limits on the bytes and the duration of a request's headers and trailers.

    The timer runs whenever the server can do nothing until the client sends more headers: from the start of
    the connection, and from the end of each response.
    """

    _bytes_in_headers = 0
    """Bytes since the last complete headers or the last part of a body."""
    _headers_too_large = False
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._bytes_in_headers += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._bytes_in_headers > MAX_HEAD:
            self._headers_too_large = True
            self.send_400_response("")
        elif self._is_idle():
            self._start_header_timer()

    def on_headers_complete(self) -> None:
        self._bytes_in_headers = 0
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._headers_too_large = True
            raise ValueError  # stops the parser; uvicorn then calls `send_400_response`
        self._stop_header_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bytes_in_headers = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes_in_headers = 0
        super().on_message_complete()
        if self.cycle.response_complete:  # the rest of an already answered request has arrived
            self._stop_header_timer()

    def send_400_response(self, msg: str) -> None:
        correlation_id.set(None)  # the context may still have the id of this connection's last request
        if self._headers_too_large:
            response = problem(
                431,
                "head_too_large",
                "Request headers are too large",
                f"the request line and headers are too large; send at most {MAX_HEAD:,} bytes",
                headers=CLOSE,
            )
        else:
            response = problem(
                400,
                "request_malformed",
                "Request is not valid HTTP",
                "the request cannot be parsed; send HTTP/1.1",
                headers=CLOSE,
            )
        if self._is_idle():  # otherwise the response to an earlier request is still being sent
            headers = (*self.server_state.default_headers, *response.raw_headers)
            head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[response.status_code] + head + b"\r\n" + bytes(response.body))
        self.transport.close()

    def _is_idle(self) -> bool:
        """Return whether every request so far has been answered."""
        return self.cycle is None or self.cycle.response_complete

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


def serve(settings: Settings) -> None:
    """Run the service until SIGINT or SIGTERM. Running requests then have `drain_seconds` to finish."""
    log = configure_logging(as_json=settings.log_json)
    app = create_app(settings)
    app.state.services.telemetry.watch_log(log)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(settings.drain_seconds) or 1,
        timeout_keep_alive=settings.idle_seconds,
        server_header=False,
        http=Connection,
        ws="none",
    )
    server = GracefulServer(
        config,
        delay=settings.shutdown_delay_seconds,
        on_signal=lambda: setattr(app.state, "draining", True),
        on_stopped=log.close,
    )
    with suppress(KeyboardInterrupt):  # SIGINT is the usual way to stop it
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILED)
