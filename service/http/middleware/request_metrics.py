"""Request counts and durations for Prometheus."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.request_record import record_of, route_of
from service.http.telemetry import Telemetry

CLIENT_DISCONNECTED = 499
"""Status counted when the client closed the connection before it got a response, as in nginx."""


class RequestMetrics:
    """Count and time requests, and count problems by their code.

    Every label has a fixed set of values, because each combination stays in memory. The route is the path
    template, never the path.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app, self.telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), CLIENT_DISCONNECTED

        async def send_and_record(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        finally:
            self.telemetry.on_request(
                method=scope["method"],
                route=route_of(scope),
                status=status,
                problem=record_of(scope).problem,
                seconds=perf_counter() - started,
            )
