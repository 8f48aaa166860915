"""One span for each request. It continues the trace of the header `traceparent`."""

from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.middleware.access_log import QUIET
from service.http.request_record import METHODS, path_of, record_of, route_of
from service.tracing import use_tracer


class TraceRequests:
    """Record a span for each request, except probes and metrics, with the work inside of it as child spans.

    The attributes have the names of OpenTelemetry's conventions for HTTP servers. No span has a key, a query
    or a body.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app, self.tracer = app, tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self.app(scope, receive, send)
            return
        parent = self._propagator.extract(dict(Headers(scope=scope)))
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        path = path_of(scope)
        attributes = {"http.request.method": method, "url.path": path}
        use_tracer(self.tracer)
        with self.tracer.start_as_current_span(
            method, context=parent, kind=SpanKind.SERVER, attributes=attributes
        ) as span:

            async def send_and_record(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self.app(scope, receive, send_and_record)
            finally:
                record, route = record_of(scope), route_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                if record.key is not None:
                    span.set_attribute("iiae.key", record.key)
                if record.problem is not None:
                    span.set_attribute("error.type", record.problem)
