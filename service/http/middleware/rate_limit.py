"""Rate limits and quotas: each API key, or each address without one, has its own count."""

import ipaddress
from hashlib import blake2b

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import QuotaExceeded, RateLimited
from service.http.problems import service_error_response
from service.http.rate_limits import RateLimits, Usage
from service.http.request_record import record_of

UNLIMITED = ("/health/", "/static/", "/docs", "/redoc", "/openapi.json")
"""Starts of the paths without limits: probes, the page's files and the documentation."""
METRICS = "/metrics"
"""Path without limits for callers with a key. Clients that use up the limits must not blind the operator."""
ADDRESS_COUNTERS = 4096
"""Number of counters for addresses. Memory stays bounded, whatever number of addresses call."""


class RateLimit:
    """Refuse requests of a caller that exceeds a limit: 429, before the body is read.

    A caller is an API key. Requests without a known key count by their address, so guessing keys is limited
    too. Responses have the headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app, self.limits = app, limits
        self._policy = ", ".join(limit.policy for limit in limits.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_unlimited(scope):
            await self.app(scope, receive, send)
            return
        try:
            usages = await self.limits.count(caller_of(scope))
        except (RateLimited, QuotaExceeded) as error:
            response = service_error_response(error, {"RateLimit-Policy": self._policy})
            await response(scope, receive, send)
            return
        await self.app(scope, receive, self._sending(usages, send))

    def _sending(self, usages: list[Usage], send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = self._policy
                headers["RateLimit"] = ", ".join(usage.header for usage in usages)
            await send(message)

        return send_with_headers


def is_unlimited(scope: Scope) -> bool:
    """Return whether a request is not counted."""
    path: str = scope["path"]
    if path == METRICS:
        return record_of(scope).key is not None
    return path == "/" or path.startswith(UNLIMITED)


def caller_of(scope: Scope) -> str:
    """Return who a request counts for: the name of its key, or the counter of its address."""
    key, client = record_of(scope).key, scope.get("client")
    if key is not None:
        return f"key:{key}"
    network = _network(client[0]) if client else "unknown"
    number = int.from_bytes(blake2b(network.encode(), digest_size=8).digest(), "big")
    return f"address:{number % ADDRESS_COUNTERS}"


def _network(text: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address: one client may have all of it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a Unix socket, or a proxy's header
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
