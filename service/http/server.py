"""Uvicorn around the app: one process for one device, which drains before it stops."""

import asyncio
import json
import logging

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.http.app import create_app
from service.http.problems import problem
from service.settings import Settings

MAX_HEAD = 65_536
"""Bytes of a request before its body."""

CLOSE = {"Connection": "close"}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with a bound on a request's head (and trailers): on its bytes, and on the time that a client lets us wait for it.

    Uvicorn collects headers without end, and stops its keep-alive timer at the first byte of a request.
    """

    _pending = 0  # bytes since a head was complete or a part of a body came
    _too_long = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._pending += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._pending > MAX_HEAD:
            self._too_long = True
            self.send_400_response("")
        elif (
            self.cycle is None or self.cycle.response_complete
        ):  # nothing to do before the client has sent more
            self._wait()

    def on_headers_complete(self) -> None:
        self._pending = 0
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._too_long = True
            raise ValueError  # the parser stops, and has `send_400_response` called
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._pending = 0
        super().on_message_complete()
        if self.cycle.response_complete:  # what an answered request still sent has ended
            self._wait_no_more()

    def send_400_response(self, msg: str) -> None:
        if self._too_long:
            code, title, detail = (
                "head_too_large",
                "The headers have too many bytes",
                f"a request's line and headers may have {MAX_HEAD:,} bytes",
            )
            response = problem(431, code, title, detail, headers=CLOSE)
        else:
            response = problem(
                400,
                "request_malformed",
                "This is not HTTP",
                "the request cannot be parsed; HTTP/1.1 is spoken here",
                headers=CLOSE,
            )
        if (
            self.cycle is None or self.cycle.response_complete
        ):  # else an answer to an earlier request is on its way
            headers = (*self.server_state.default_headers, *response.raw_headers)
            head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[response.status_code] + head + b"\r\n" + bytes(response.body))
        self.transport.close()

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM; running requests may take `drain_seconds` to end."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonLines()
        if settings.log_json
        else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    uvicorn.run(
        create_app(settings),
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
