"""Who may call what: `X-API-Key`, compared in constant time and never logged; without keys, nobody through another site's page."""

import hmac
import re
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import KeyMissing, KeyRefused, OriginRefused
from service.http.dependencies import Services, services
from service.settings import Settings

_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="Needed where the service was given keys."
)


def _among(key: str, keys: Iterable[SecretStr]) -> bool:
    given = key.encode()
    # all of them, always: the time taken must not tell which key was near
    return any([hmac.compare_digest(given, known.get_secret_value().encode()) for known in keys])  # noqa: C419  # a list, so that every key is compared


def may_read(
    parts: Annotated[Services, Depends(services)], key: Annotated[str | None, Security(_header)] = None
) -> None:
    """Any known key, where keys are set."""
    settings = parts.settings
    if settings.keyless:
        return
    if key is None:
        raise KeyMissing("send a key in the header X-API-Key")
    if not _among(key, (*settings.api_keys, *settings.admin_keys)):
        raise KeyRefused("the key in X-API-Key is not known")


def may_write(
    parts: Annotated[Services, Depends(services)], key: Annotated[str | None, Security(_header)] = None
) -> None:
    """An administrator's key, where any keys are set."""
    may_read(parts, key)
    settings = parts.settings
    if not settings.keyless and not _among(key or "", settings.admin_keys):
        raise KeyRefused("this needs an administrator's key (IIAE_ADMIN_KEYS)")


def ask(route: object, parts: Services, key: str | None) -> None:
    """What `READ` and `WRITE` ask of a route's callers, whenever it is called."""
    for each in getattr(route, "dependencies", ()):
        if each.dependency in (may_read, may_write):
            each.dependency(parts, key)


READ = [Depends(may_read)]
WRITE = [Depends(may_write)]

_THIS_MACHINE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
_SAFE = {"GET", "HEAD", "OPTIONS"}


class SameOriginOnly:
    """Without keys, a browser must not be what carries others in.

    Not by a page that posts here: `Sec-Fetch-Site` or `Origin` tell (as in Go's http.CrossOriginProtection; curl and SDKs send neither).
    Nor by a page that has pointed its own name at this machine: a service for this machine alone answers to this machine's names alone.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.settings.keyless:
            headers = Headers(scope=scope)
            if not self.settings.allow_open and not _THIS_MACHINE.fullmatch(headers.get("host", "localhost")):
                raise OriginRefused(
                    "without keys the service answers to localhost, 127.0.0.1 and [::1] alone; for other names set IIAE_API_KEYS, or IIAE_ALLOW_OPEN=true"
                )
            if scope["method"] not in _SAFE and _foreign(headers):
                raise OriginRefused(
                    "a page of another site sent this; the service's own page may, and programs, which send no Origin"
                )
        await self.app(scope, receive, send)


def _foreign(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    return (
        origin is not None and origin.partition("://")[2].lower() != headers.get("host", "localhost").lower()
    )
