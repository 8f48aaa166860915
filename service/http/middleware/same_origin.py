"""Protection of a service without API keys against web pages of other sites."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import OriginRefused
from service.settings import Settings

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class SameOriginOnly:
    """Refuse writes that a page of another site sends, unless its origin is in `IIAE_CORS_ORIGINS`.

    This applies only to a service without API keys. It stops cross-site request forgery: `Sec-Fetch-Site` or
    `Origin` reveals the page, as in Go's `http.CrossOriginProtection`. curl and SDKs send neither header.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and self.settings.keyless
            and scope["method"] not in _SAFE_METHODS
            and _is_cross_origin(headers := Headers(scope=scope))
            and (headers.get("origin") or "").lower() not in self.settings.cors_origins
        ):
            raise OriginRefused(
                "a web page of another site sent this request; "
                "use the service's own page, or a program that sends no Origin header"
            )
        await self.app(scope, receive, send)


def _is_cross_origin(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != headers.get("host", "localhost").lower()
