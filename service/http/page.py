"""The web page at `/` and its static files."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response

from service.http.static_files import RevalidatedFiles

WEB = Path(str(files("service"))) / "web"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Add the page and its files to an app."""
    app.mount("/static", RevalidatedFiles(directory=WEB, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
        return FileResponse(WEB / "index.html", headers=headers)
