"""Protection against DNS rebinding: the service answers only to known host names."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import OriginRefused
from service.hosts import host_in, is_allowed, is_loopback
from service.settings import Settings

PROBES = frozenset({"/health/live", "/health/ready"})
"""Paths for every host: orchestrators probe a container by its address, and the answers reveal nothing."""


class AllowedHosts:
    """Refuse requests whose `Host` is neither a loopback name nor in `IIAE_ALLOWED_HOSTS`.

    DNS rebinding: the name of a malicious page first resolves to the page's server, then to this machine.
    Browsers then let the page read the answers of this service. The header `Host` reveals the page's name.

    A service with API keys checks hosts only if the list is set: such a page has no key.

    Browsers always send one `Host`. A request without it comes from another program and is accepted.
    `X-Forwarded-Host` is ignored, because pages could send it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.allowed = settings.allowed_hosts
        self.enabled = settings.keyless or bool(self.allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.enabled and scope["type"] == "http" and scope["path"] not in PROBES:
            for sent in Headers(scope=scope).getlist("host"):
                host = host_in(sent)
                if host is None or not (is_loopback(host) or is_allowed(host, self.allowed)):
                    raise OriginRefused(
                        f"the service does not answer to the host {sent[:100]!r}; use localhost, "
                        "or add the host to IIAE_ALLOWED_HOSTS"
                    )
        await self.app(scope, receive, send)
