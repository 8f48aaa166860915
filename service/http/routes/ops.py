"""Health probes and metrics for operators. The probes need no API key."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from service.errors import NotReady, ServiceError
from service.http.dependencies import Services, ServicesDep
from service.http.request_body import StrictRoute
from service.http.schemas import Health
from service.http.security import READ_ALWAYS

router = APIRouter(tags=["service"], route_class=StrictRoute)

DISK_SECONDS = 1.0
"""Longest wait for the disk to tell its free space."""


@router.get("/health/live", operation_id="service.live")
async def live() -> Health:
    """Check that the process answers. Needs no API key."""
    return Health(status="live")


@router.get("/health/ready", operation_id="service.ready")
async def ready(request: Request, services: ServicesDep) -> Health:
    """Check that the service can answer requests. Needs no API key."""
    if getattr(request.app.state, "draining", False):
        raise NotReady("the service is stopping; use another instance")
    if not services.registry.ready:
        raise NotReady("the models are being loaded; try again in a few seconds")
    if not services.registry.models():
        raise NotReady("no model could be loaded; GET /models lists the reasons")
    degraded = ["redis"] if services.cache.stats().redis == "down" else []
    if not await _measure_disk(services) or services.disk.short:
        degraded.append("disk")
    return Health(status="ready", degraded=degraded)


@router.get(
    "/metrics",
    operation_id="service.metrics",
    dependencies=READ_ALWAYS,
    response_class=PlainTextResponse,
    response_description="Metrics as text.",
)
async def metrics(services: ServicesDep) -> Response:
    """Return metrics in Prometheus' text format."""
    await _measure_disk(services)
    return Response(services.telemetry.text(), media_type="text/plain; version=0.0.4")


async def _measure_disk(services: Services) -> bool:
    """Measure the free space of the disk. Return whether the disk answered."""
    try:
        async with asyncio.timeout(DISK_SECONDS):
            await services.pools.opening.run("", services.disk.measure)
    except (TimeoutError, OSError, ServiceError):
        return False
    return True
