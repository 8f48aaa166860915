"""Download a gallery as one Parquet file."""

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.http.dependencies import ServicesDep
from service.http.etags import matches
from service.http.request_body import StrictRoute
from service.http.routes.galleries import GalleryName
from service.http.security import WRITE

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=StrictRoute)

PARQUET = "application/vnd.apache.parquet"
FILE_RESPONSE: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The Parquet file.",
        "content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/{name}/export",
    operation_id="galleries.export",
    dependencies=WRITE,  # it reads everything, as often as a client likes
    response_class=StreamingResponse,
    responses=FILE_RESPONSE,
)
async def export_gallery(
    request: Request,
    services: ServicesDep,
    name: GalleryName,
    photos: Annotated[
        bool, Query(description="Whether the file has the original files of the photos, too.")
    ] = False,
) -> Response:
    """Download a gallery as one Parquet file: embeddings, thumbnails, labels and metadata.

    `iiae galleries import` makes the same gallery of it. The file has no paths of the server. If the gallery
    is re-embedded during the download, the connection is closed before the file is complete.
    """
    export = await services.downloads.open(name, photos=photos)
    etag = f'"{export.version}{"-photos" if photos else ""}"'
    headers = {"ETag": f"W/{etag}", "Cache-Control": "private, no-cache"}
    if matches(request.headers.getlist("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}.parquet"'
    if request.scope.get("original_method") == "HEAD":
        return StreamingResponse(_nothing(), media_type=PARQUET, headers=headers)
    with ExitStack() as stack:
        stack.enter_context(services.downloads.turn())
        parts = services.downloads.parts(export)
        first = await anext(parts)  # what is wrong with the gallery is a problem, not a broken file
        return ExportResponse(first, services.downloads.rest(parts), headers, stack.pop_all())


class ExportResponse(StreamingResponse):
    """Response with a file that is made while it is sent.

    Args:
        resources: closed when the response ends.
    """

    def __init__(
        self, first: bytes, rest: AsyncIterator[bytes], headers: Mapping[str, str], resources: ExitStack
    ) -> None:
        super().__init__(_joined(first, rest), media_type=PARQUET, headers=headers)
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._resources:
            await super().__call__(scope, receive, send)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
