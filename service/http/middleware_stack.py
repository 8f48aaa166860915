"""The middleware of the app, in order."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from service.http.dependencies import Services
from service.http.middleware.access_log import AccessLog
from service.http.middleware.admission import Admission, Deadlines
from service.http.middleware.allowed_hosts import AllowedHosts
from service.http.middleware.body_limit import BodyLimit
from service.http.middleware.cancel_on_disconnect import CancelOnDisconnect
from service.http.middleware.fixed_headers import FixedHeaders
from service.http.middleware.head_as_get import HeadAsGet
from service.http.middleware.identify_caller import IdentifyCaller
from service.http.middleware.path_prefix import PathPrefix
from service.http.middleware.range_problems import RangeProblems
from service.http.middleware.rate_limit import RateLimit
from service.http.middleware.refuse_at_door import RefuseAtDoor
from service.http.middleware.request_id import request_id_middleware
from service.http.middleware.request_metrics import RequestMetrics
from service.http.middleware.require_key import RequireKey
from service.http.middleware.same_origin import SameOriginOnly
from service.http.middleware.unhandled_errors import UnhandledErrors
from service.http.traces import Traces

ALLOWED_HEADERS = ("X-API-Key", "X-Request-ID", "Content-Type", "Prefer", "Range", "If-None-Match")
"""Headers that pages of other origins may send."""
EXPOSED_HEADERS = (
    "X-Request-ID",
    "X-API-Version",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "ETag",
    "Location",
    "Content-Range",
    "Preference-Applied",
)
"""Headers of answers that these pages may read."""
PREFLIGHT_SECONDS = 600
"""How long a browser may remember what a page of another origin may do."""


def middleware_stack(services: Services) -> list[Middleware]:
    """Return the middleware, outermost first.

    Requests pass it from top to bottom, responses from bottom to top.
    """
    settings = services.settings
    deadlines = Deadlines(seconds=settings.deadline_seconds, change_seconds=settings.change_seconds)
    return [
        Middleware(PathPrefix, root_path=settings.root_path),  # everything below sees the bare path
        *_for_other_origins(settings.cors_origins),  # refusals too must be readable for their pages
        Middleware(
            RefuseAtDoor,  # nearly outermost, because refusals must cost little
            settings=settings,
            controls=services.controls,
            deadlines=deadlines,
            telemetry=services.telemetry,
        ),
        Middleware(HeadAsGet),  # everything below sees GET
        request_id_middleware(),  # outside of everything that can fail: every response has an id
        Middleware(FixedHeaders),  # on failures too
        *_tracing(services.traces),
        *([Middleware(AccessLog)] if settings.access_log else []),
        Middleware(IdentifyCaller, settings=settings),
        Middleware(RequestMetrics, telemetry=services.telemetry),  # counts refusals and failures too
        Middleware(UnhandledErrors),  # everything below may raise
        Middleware(AllowedHosts, settings=settings),  # refuses before any work is done
        Middleware(SameOriginOnly, settings=settings),  # as well
        Middleware(CancelOnDisconnect),  # outside of BodyLimit: it waits for the disconnect without a timeout
        Middleware(
            BodyLimit,
            max_bytes=int(settings.max_upload_mb * 1e6),
            max_held=int(settings.held_mb * 1e6),
            idle_seconds=settings.idle_seconds,
            upload_seconds=settings.upload_seconds,
        ),
        *([Middleware(RateLimit, limits=services.rate_limits)] if services.rate_limits.limits else []),
        Middleware(RequireKey, services=services),  # checks the key before the first byte of the body is read
        Middleware(
            Admission,  # after the key: requests without one must not count
            controls=services.controls,
            deadlines=deadlines,
        ),
        Middleware(RangeProblems),  # closest to the routes, whose file responses it rewrites
    ]


def _for_other_origins(origins: tuple[str, ...]) -> list[Middleware]:
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PATCH", "DELETE"),
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
    ]


def _tracing(traces: Traces | None) -> list[Middleware]:
    if traces is None:
        return []
    from service.http.middleware.trace_requests import TraceRequests  # needs the extra `otel`

    return [Middleware(TraceRequests, tracer=traces.tracer)]
