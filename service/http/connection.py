"""Uvicorn's HTTP connection, with limits that uvicorn has no settings for.

`Connection` uses uvicorn's internals, because middleware cannot stop these attacks. The app first sees a
request when its headers are complete, and it does not see when a response has been read.

- Endless headers: uvicorn collects a request's headers and trailers in memory, however many there are.
  One client can exhaust the memory of the process.
- Slow headers (Slowloris): uvicorn stops its keep-alive timer at the first byte of a request, then waits for
  the rest forever. A client that opens many connections and sends half a header on each keeps them all open.
- Unread responses: uvicorn waits forever until a client reads its response (`service.http.write_timeout`).
- Tiny chunks: uvicorn calls Python for each chunk of a body. A body of 1 MB in chunks of one byte takes
  seconds of the event loop.
- Pipelined requests: uvicorn queues all requests that arrive together. One read can hold thousands, and
  each takes some kilobytes of memory.
- Many connections: they use up the process's file descriptors (`service.http.connections`).

Under overload it reads new requests together with those of other connections (`service.http.gathered_reads`).
"""

import asyncio
from typing import Any

from asgi_correlation_id import correlation_id
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.http.connections import Connections
from service.http.gathered_reads import GatheredReads
from service.http.problems import problem
from service.http.write_timeout import WriteTimeout

MAX_HEAD = 65_536
"""Bytes of a request before its body: request line and headers."""
MAX_PIPELINED = 64
"""Requests of one connection that wait while an earlier one is answered."""
FREE_CHUNKS = 1000
"""Parts of a body that may be as small as the client likes."""
MIN_CHUNK = 64
"""Bytes that all further parts of a body must have on average."""

CLOSE = {"Connection": "close"}


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with limits on what a client may send and on how slowly it may read.

    The timer for headers runs whenever the server can do nothing until the client sends more headers: from
    the start of the connection, and from the end of each response.

    Args:
        connections: all connections of the server.
        reads: decides when idle connections are read.
        response_seconds: longest duration of a response that the client reads slowly.
        uvicorn: uvicorn's own arguments.
    """

    idle_since: float | None = None
    """Time at which the server began to wait for the client's next headers. None during a request."""

    _bytes_in_headers = 0
    """Bytes since the last complete headers or the last part of a body."""
    _chunks = _bytes_in_body = 0
    """Parts and bytes of the current request's body."""
    _in_trailers = False
    """Whether further headers are trailers, which come after the body."""
    _refusal: Response | None = None
    """The problem to answer with, if the request is refused."""
    _header_timer: asyncio.TimerHandle | None = None
    _write_timeout: WriteTimeout

    def __init__(
        self, *, connections: Connections, reads: GatheredReads, response_seconds: float, **uvicorn: Any
    ) -> None:
        super().__init__(**uvicorn)
        self._all, self._reads, self._response_seconds = connections, reads, response_seconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._write_timeout = WriteTimeout(
            self.loop,
            transport,
            idle_seconds=self.timeout_keep_alive,
            total_seconds=self._response_seconds,
            on_abort=self._count_aborted_write,
        )
        if self._all.add(self):
            self._start_header_timer()
        else:
            self._refusal = _too_many_connections()
            self.send_400_response("")

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.remove(self)
        self._stop_header_timer()
        self._write_timeout.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timeout.check_progress()

    def resume_writing(self) -> None:
        self._write_timeout.progressed()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._write_timeout.response_complete()
        if self._is_idle():
            self.idle_since = self.loop.time()
            self._reads.pause_if_overloaded(self.transport)

    def data_received(self, data: bytes) -> None:
        self._bytes_in_headers += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._bytes_in_headers > MAX_HEAD:
            self._refusal = _head_too_large()
            self.send_400_response("")
        elif self._is_idle():
            self._start_header_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_trailers = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_trailers:  # RFC 9110, section 6.5.1: never merge them into the headers
            return
        # HTTP allows spaces and tabs after a value (RFC 9110, section 5.5). The parser keeps them.
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        self._bytes_in_headers = self._chunks = self._bytes_in_body = 0
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._refuse(_head_too_large())
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refuse(_malformed(f"too many pipelined requests; send at most {MAX_PIPELINED} at once"))
        self._stop_header_timer()
        self._in_trailers = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._bytes_in_headers = 0
        self._chunks += 1
        self._bytes_in_body += len(body)
        if self._chunks > FREE_CHUNKS + self._bytes_in_body // MIN_CHUNK:
            self._refuse(
                _malformed(f"the body comes in tiny chunks; send chunks of {MIN_CHUNK} bytes or more")
            )
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes_in_headers = 0
        super().on_message_complete()
        if self.cycle.response_complete:  # the rest of an already answered request has arrived
            self._stop_header_timer()

    def send_400_response(self, msg: str) -> None:
        """Refuse the connection's current request, and close the connection.

        The client gets a problem, unless it would be mixed up with the response to an earlier request.
        """
        correlation_id.set(None)  # the context may still have the id of this connection's last request
        response = self._refusal or _malformed("the request cannot be parsed; send HTTP/1.1")
        if self._is_idle() or not (self.pipeline or self.cycle.response_started):
            headers = (*self.server_state.default_headers, *response.raw_headers)
            head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[response.status_code] + head + b"\r\n" + bytes(response.body))
        if not self._is_idle():  # the app must neither wait for the rest nor answer as well
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._write_timeout.response_complete()

    def _refuse(self, refusal: Response) -> None:
        """Stop the parser. Uvicorn then calls `send_400_response`."""
        self._refusal = refusal
        raise ValueError(refusal.status_code)

    def _count_aborted_write(self) -> None:
        self._all.aborted_writes += 1

    def _is_idle(self) -> bool:
        """Return whether every request so far has been answered."""
        return self.cycle is None or self.cycle.response_complete

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self.idle_since = self.loop.time()
            self._header_timer = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _stop_header_timer(self) -> None:
        self.idle_since = None
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


def _malformed(detail: str) -> Response:
    return problem(400, "request_malformed", "Request is not valid HTTP", detail, headers=CLOSE)


def _head_too_large() -> Response:
    return problem(
        431,
        "head_too_large",
        "Request headers are too large",
        f"the request line and headers are too large; send at most {MAX_HEAD:,} bytes",
        headers=CLOSE,
    )


def _too_many_connections() -> Response:
    return problem(
        503,
        "too_many_connections",
        "Service has too many connections",
        "the service has too many open connections; send this request again later",
        headers=CLOSE | {"Retry-After": "1"},
    )
