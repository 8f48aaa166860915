"""Re-embed a gallery with another checkpoint, in the background."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from service.galleries.reindex.records import ReindexProgress
from service.http.dependencies import ServicesDep
from service.http.request_body import StrictRoute
from service.http.routes.galleries import GalleryName
from service.http.schemas import NewReindex, ReindexFault, ReindexOut
from service.http.security import READ, WRITE

router = APIRouter(prefix="/galleries", tags=["reindex"], route_class=StrictRoute)
DEFAULT_REINDEX = NewReindex()


@router.post("/{name}/reindex", operation_id="reindex.start", status_code=202, dependencies=WRITE)
async def start_reindex(
    response: Response,
    services: ServicesDep,
    name: GalleryName,
    new: Annotated[NewReindex, Body()] = DEFAULT_REINDEX,
) -> ReindexOut:
    """Start to re-embed a gallery, or resume an interrupted reindex.

    Searches use the old embeddings until all photos are re-embedded.
    """
    progress = await services.reindexing.begin(name, new.model, drawn=new.drawn, from_scratch=new.anew)
    root = services.settings.root_path
    response.headers["Location"] = (
        f"{root}/galleries/{name}/reindex"  # only now is the name known to be ASCII
    )
    return _reindex(progress)


@router.get("/{name}/reindex", operation_id="reindex.get", dependencies=READ)
async def get_reindex(services: ServicesDep, name: GalleryName) -> ReindexOut:
    """Show the progress of a gallery's last reindex, including one started with `iiae reindex`."""
    return _reindex(await services.reindexing.progress(name))


@router.delete(
    "/{name}/reindex",
    operation_id="reindex.cancel",
    status_code=204,
    response_description="The reindex was cancelled.",
    dependencies=WRITE,
)
async def cancel_reindex(services: ServicesDep, name: GalleryName) -> None:
    """Cancel a reindex and discard its embeddings. The gallery keeps its old embeddings."""
    await services.reindexing.cancel(name)


def _reindex(progress: ReindexProgress) -> ReindexOut:
    failed = [
        ReindexFault(id=fault.photo_id, reason=fault.reason, thumbnail=fault.thumbnail)
        for fault in progress.faults
    ]
    return ReindexOut(
        state=progress.state,
        model=progress.model,
        digest=progress.digest,
        done=progress.done,
        total=progress.total,
        failures=progress.faulty,
        failed=failed,
        error=progress.error,
        started=progress.started,
        ended=progress.ended,
    )
