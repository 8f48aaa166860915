"""Serving below a path of a proxy, such as `/iiae/`."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Remove the path below which a proxy publishes the service.

    Some proxies remove it themselves, so both forms of a path are accepted. The path alone is redirected to
    the page, whose links are relative.

    Args:
        root_path: the path, such as `/iiae`.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path == self.root_path:
                await RedirectResponse(f"{self.root_path}/")(scope, receive, send)
                return
            if path.startswith(f"{self.root_path}/"):
                raw: bytes = scope["raw_path"]
                removed = self.root_path.encode()
                scope = {
                    **scope,
                    "path": path.removeprefix(self.root_path),
                    "raw_path": raw.removeprefix(removed),
                }
        await self.app(scope, receive, send)
