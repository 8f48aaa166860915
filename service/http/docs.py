"""The API documentation at `/docs` and `/redoc`. This server hosts their scripts, so they work offline."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import Response

from service.http import openapi
from service.http.static_files import RevalidatedFiles

SCRIPTS = Path(str(files("fastapi_offline"))) / "static"
"""Swagger UI and Redoc, from the package fastapi-offline."""
PATH = "/docs/static"
SCRIPTS_LINK, OPENAPI, ICON = PATH.lstrip("/"), openapi.PATH.lstrip("/"), "static/icon.svg"
"""Links of both pages. They are relative, because a proxy may publish the service below a path."""


def install(app: FastAPI) -> None:
    """Add both pages to an app. The app must be created without FastAPI's own documentation pages."""
    app.mount(PATH, RevalidatedFiles(directory=SCRIPTS), name="docs")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return get_swagger_ui_html(
            openapi_url=OPENAPI,
            title=app.title,
            swagger_js_url=f"{SCRIPTS_LINK}/swagger-ui-bundle.js",
            swagger_css_url=f"{SCRIPTS_LINK}/swagger-ui.css",
            swagger_favicon_url=ICON,
            swagger_ui_parameters={"tryItOutEnabled": True, "displayRequestDuration": True},
        )

    @app.get("/redoc", include_in_schema=False)
    async def redoc() -> Response:
        script = f"{SCRIPTS_LINK}/redoc.standalone.js"
        return get_redoc_html(
            openapi_url=OPENAPI,
            title=app.title,
            redoc_js_url=script,
            redoc_favicon_url=ICON,
            with_google_fonts=False,
        )
