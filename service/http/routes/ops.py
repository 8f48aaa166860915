"""For operators: is it alive, is it ready, how is it doing. No key is needed for the probes."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from service.errors import NotReady
from service.http.dependencies import ServicesDep
from service.http.schemas import Health
from service.http.security import READ

router = APIRouter(tags=["service"])


@router.get("/health/live", operation_id="service.live")
async def live() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/health/ready", operation_id="service.ready")
async def ready(request: Request, services: ServicesDep) -> Health:
    """Requests can be served; `degraded` names what is down without stopping them."""
    if getattr(request.app.state, "draining", False):
        raise NotReady("the service is stopping")
    if not services.registry.ready:
        raise NotReady("the models are being loaded")
    if not services.registry.models():
        raise NotReady("no model could be loaded; GET /models says why")
    return Health(status="ready", degraded=["redis"] if services.cache.stats().redis == "down" else [])


@router.get(
    "/metrics",
    operation_id="service.metrics",
    dependencies=READ,
    response_class=PlainTextResponse,
    response_description="Metrics as text.",
)
async def metrics(services: ServicesDep) -> Response:
    """Prometheus' text format."""
    return Response(services.telemetry.text(), media_type="text/plain; version=0.0.4")
