"""The access log: one entry for each request."""

import logging
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.middleware.request_metrics import CLIENT_DISCONNECTED
from service.http.request_record import AccessEntry, path_of, record_of, route_of

logger = logging.getLogger("service.access")

QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Routes that monitoring calls every few seconds. Their entries have the level DEBUG."""
MAX_ADDRESS = 45
"""Characters of the longest IPv6 address. A proxy's header may hold anything."""


class AccessLog:
    """Log every request with its status, size, duration and caller, after its response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record_of(scope)  # shared with the copies of the scope below
        started, status, size = perf_counter(), CLIENT_DISCONNECTED, 0

        async def send_and_record(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        finally:
            log_request(
                scope, route=route_of(scope), status=status, size=size, seconds=perf_counter() - started
            )


def log_request(scope: Scope, *, route: str, status: int, size: int, seconds: float) -> None:
    """Log one entry.

    Args:
        route: template of the path.
        status: status of the response.
        size: bytes of its body.
        seconds: time until its end.
    """
    record, client = record_of(scope), scope.get("client")
    entry = AccessEntry(
        method=scope.get("original_method", scope["method"])[:20],
        path=path_of(scope),
        route=route,
        status=status,
        bytes=size,
        seconds=round(seconds, 4),
        key=record.key,
        client=client[0][:MAX_ADDRESS] if client else None,
        problem=record.problem,
    )
    logger.log(
        logging.DEBUG if entry.route in QUIET else logging.INFO,
        "%s %s %d %s %d bytes %.0f ms key %s from %s",
        entry.method,
        entry.path,
        entry.status,
        entry.problem or "-",
        entry.bytes,
        1000 * entry.seconds,
        entry.key or "-",
        entry.client or "-",
        extra={"access": entry},
    )
