"""Paths with something in front: that of a proxy, such as `/iiae/`, and the API's version, `/v1`."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.api_version import PREFIX


class PathPrefix:
    """Remove the path below which a proxy publishes the service, and the API's version.

    Some proxies remove their path themselves, so both forms are accepted. The path alone is redirected to the
    page, whose links are relative.

    Args:
        root_path: the proxy's path, such as `/iiae`; empty for none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self.root_path and scope["path"] == self.root_path:
                await RedirectResponse(f"{self.root_path}/")(scope, receive, send)
                return
            for prefix in (self.root_path, PREFIX):
                if prefix and scope["path"].startswith(f"{prefix}/"):
                    scope = _without(scope, prefix)
        await self.app(scope, receive, send)


def _without(scope: Scope, prefix: str) -> Scope:
    return {
        **scope,
        "path": scope["path"].removeprefix(prefix),
        "raw_path": scope["raw_path"].removeprefix(prefix.encode()),
    }
