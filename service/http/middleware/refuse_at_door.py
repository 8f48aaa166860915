"""Refusal of requests that would miss their deadline, before anything else is done for them."""

from time import perf_counter

from asgi_correlation_id import correlation_id
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import Overloaded
from service.http.controls import Controls
from service.http.middleware.access_log import log_request
from service.http.middleware.admission import Deadlines, preferred_wait
from service.http.middleware.fixed_headers import FIXED_HEADERS
from service.http.middleware.identify_caller import note_caller
from service.http.middleware.request_id import HEADER, valid_or_new
from service.http.problems import service_error_response
from service.http.request_record import record_of
from service.http.telemetry import Telemetry
from service.settings import Settings


class RefuseAtDoor:
    """Answer requests that would miss their deadline with 429. All others pass.

    Under overload most requests are refused, and each refusal takes time from an accepted one. So this is the
    outermost middleware. It does for its own responses what the others would do: the request id, the headers,
    the metrics and the log entry. It records no trace.

    The rest of the body arrives after the response. The server discards it, and closes a connection that
    takes too long.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        controls: Controls,
        deadlines: Deadlines,
        telemetry: Telemetry,
    ) -> None:
        self.app = app
        self.settings, self.controls, self.deadlines = settings, controls, deadlines
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (admitted := self.controls.find(scope["method"], scope["path"])):
            control, operation = admitted
            preferred = preferred_wait(Headers(scope=scope))
            try:
                control.check(operation, self.deadlines.of(scope, preferred))
            except Overloaded as error:
                await self._refuse(operation, error, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _refuse(
        self, operation: str, error: Overloaded, scope: Scope, receive: Receive, send: Send
    ) -> None:
        started, headers = perf_counter(), Headers(scope=scope)
        request_id = valid_or_new(headers.get(HEADER, ""))
        correlation_id.set(request_id)
        note_caller(scope, self.settings)
        response = service_error_response(error, {HEADER: request_id, **FIXED_HEADERS})
        await response(scope, receive, send)
        seconds = perf_counter() - started
        self.telemetry.on_request(
            method=scope["method"],
            route=operation,
            status=response.status_code,
            problem=record_of(scope).problem,
            seconds=seconds,
        )
        if self.settings.access_log:
            log_request(
                scope, route=operation, status=response.status_code, size=len(response.body), seconds=seconds
            )
