"""Galleries embedded anew by another checkpoint, in the background."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from service.galleries.reindex.rows import ReindexProgress
from service.http.dependencies import ServicesDep
from service.http.routes.galleries import Name
from service.http.schemas import NewReindex, ReindexFault, ReindexOut
from service.http.security import READ, WRITE

router = APIRouter(prefix="/galleries", tags=["reindex"])
NOTHING_SAID = NewReindex()


@router.post("/{name}/reindex", operation_id="reindex.start", status_code=202, dependencies=WRITE)
async def start_reindex(
    response: Response, services: ServicesDep, name: Name, new: Annotated[NewReindex, Body()] = NOTHING_SAID
) -> ReindexOut:
    """Begins to embed a gallery anew, or goes on where that was interrupted. Until all of it is done, the old embeddings answer."""
    response.headers["Location"] = f"/galleries/{name}/reindex"
    return _progress(await services.reindexing.begin(name, new.model, from_scratch=new.anew))


@router.get("/{name}/reindex", operation_id="reindex.get", dependencies=READ)
async def get_reindex(services: ServicesDep, name: Name) -> ReindexOut:
    """How far the last reindex of a gallery is, or came; also one by `iiae reindex`."""
    return _progress(await services.reindexing.progress(name))


@router.delete(
    "/{name}/reindex",
    operation_id="reindex.cancel",
    status_code=204,
    response_description="It is cancelled.",
    dependencies=WRITE,
)
async def cancel_reindex(services: ServicesDep, name: Name) -> None:
    """Ends a reindex and drops what it has embedded; the gallery is as it was."""
    await services.reindexing.cancel(name)


def _progress(progress: ReindexProgress) -> ReindexOut:
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
