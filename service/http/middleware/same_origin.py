"""Protection of a service without API keys against web pages of other sites."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import OriginRefused
from service.settings import Settings

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class SameOriginOnly:
    """Refuse requests that a page of another site sends through the user's browser.

    This applies only to a service without API keys. It stops two attacks:

    - Cross-site request forgery: the page posts to this service. `Sec-Fetch-Site` or `Origin` reveals it,
      as in Go's `http.CrossOriginProtection`. curl and SDKs send neither header.
    - DNS rebinding: the page's own host name resolves to this machine. A service bound to this machine
      therefore accepts only loopback names in `Host`.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.settings.keyless:
            headers = Headers(scope=scope)
            if not self.settings.allow_open and not _LOOPBACK_HOST.fullmatch(
                headers.get("host", "localhost")
            ):
                raise OriginRefused(
                    "a service without API keys answers only to the hosts localhost, 127.0.0.1 and [::1]; "
                    "for other host names set IIAE_API_KEYS, or IIAE_ALLOW_OPEN=true"
                )
            if scope["method"] not in _SAFE_METHODS and _is_cross_origin(headers):
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
