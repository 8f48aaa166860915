"""Abort connections whose clients do not read their responses."""

import asyncio
import socket
from collections.abc import Callable

UNSENT = 65_536
"""Bytes that the system buffers for one connection before they are sent.

By default the system takes megabytes, and takes more only when a third of them is read. A slow client would
then seem to stall.
"""
MIN_RATE = 1024
"""Bytes per second that a client must read on average."""


class WriteTimeout:
    """Watches the write buffer of one connection.

    Uvicorn waits forever until a client reads its response. Clients could request large responses and never
    read them. Each connection would keep its response, its request and a file descriptor. It is not enough
    that a client reads anything at all: with a byte per second, a response of 1 MB takes twelve days.

    Args:
        loop: the event loop of the connection.
        transport: the connection.
        idle_seconds: interval in which the client must read at least `MIN_RATE` bytes per second.
        total_seconds: longest duration of one response, from the moment when the client falls behind.
        on_abort: called when the connection is aborted.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        *,
        idle_seconds: float,
        total_seconds: float,
        on_abort: Callable[[], None],
    ) -> None:
        self._loop, self._transport = loop, transport
        self._idle_seconds, self._total_seconds = idle_seconds, total_seconds
        self._on_abort = on_abort
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._unread = 0
        low_water = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # Linux and macOS have it
        connected = transport.get_extra_info("socket")
        if low_water is not None and connected is not None:
            connected.setsockopt(socket.IPPROTO_TCP, low_water, UNSENT)

    def check_progress(self) -> None:
        """Start to watch the buffer, unless it is empty or already watched."""
        if self._timer is None and self._transport.get_write_buffer_size() > 0:
            if self._deadline is None:
                self._deadline = self._loop.time() + self._total_seconds
            self._schedule()

    def progressed(self) -> None:
        """Note that the client has read most of the buffer."""
        self._cancel_timer()

    def response_complete(self) -> None:
        """Note that the whole response is in the buffer. The next response has its own time."""
        self._deadline = None
        self._cancel_timer()
        self.check_progress()

    def stop(self) -> None:
        """Stop, because the connection has ended."""
        self._deadline = None
        self._cancel_timer()

    def _schedule(self) -> None:
        assert self._deadline is not None
        self._unread = self._transport.get_write_buffer_size()
        seconds = min(self._idle_seconds, max(0.0, self._deadline - self._loop.time()))
        self._timer = self._loop.call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        unread = self._transport.get_write_buffer_size()
        if unread == 0:
            self._deadline = None
            return
        assert self._deadline is not None
        too_slow = self._unread - unread < MIN_RATE * self._idle_seconds
        if too_slow or self._loop.time() >= self._deadline:
            self._on_abort()
            self._transport.abort()
            return
        self._schedule()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
