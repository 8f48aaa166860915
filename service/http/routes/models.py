"""List, show and reload the models."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool

from service.http.dependencies import Services, ServicesDep
from service.http.request_body import StrictRoute
from service.http.schemas import NAME_SCHEMA, ModelOut, Models, RejectedOut
from service.http.security import READ, WRITE, WRITE_ALWAYS
from service.registry.model import Model

router = APIRouter(prefix="/models", tags=["models"], route_class=StrictRoute)


@router.get("", operation_id="models.list", dependencies=READ)
async def list_models(services: ServicesDep) -> Models:
    """List all models: first those that answer requests that name no model, then the others, by id."""
    return _models(services)


@router.get("/{model_id}", operation_id="models.get", dependencies=READ)
async def get_model(
    services: ServicesDep,
    model_id: Annotated[str, Path(description="Id of the model.", json_schema_extra=NAME_SCHEMA)],
) -> ModelOut:
    """Show one model."""
    return _model(services, services.registry.find(model_id))


@router.put("/{model_id}/default", operation_id="models.choose", dependencies=WRITE)
async def choose_model(
    services: ServicesDep,
    model_id: Annotated[str, Path(description="Id of the model.", json_schema_extra=NAME_SCHEMA)],
) -> ModelOut:
    """Make a model the default: it answers requests that name no model, as far as it can."""
    return _model(services, await run_in_threadpool(services.registry.make_default, model_id))


@router.post("/reload", operation_id="models.reload", dependencies=WRITE_ALWAYS)
async def reload_models(services: ServicesDep) -> Models:
    """Look for new checkpoints now, without waiting for the next regular check."""
    await services.registry.refresh()
    return _models(services)


def _models(services: Services) -> Models:
    registry = services.registry
    models = sorted(registry.models(), key=lambda model: not registry.default_for(model.id))
    rejected = [
        RejectedOut(id=each.id, version=each.version, reason=each.reason)
        for each in services.registry.rejected()
    ]
    return Models(models=[_model(services, model) for model in models], rejected=rejected)


def _model(services: Services, model: Model) -> ModelOut:
    manifest, preset = model.manifest, model.manifest.preset
    return ModelOut(
        id=model.id,
        version=model.version,
        preset=preset.name,
        domains=list(preset.domains),
        image_size=preset.image_size,
        metrics=manifest.metrics,
        capabilities=sorted(model.inference.capabilities),
        default_for=services.registry.default_for(model.id),
        digest=model.digest,
        trained_on=manifest.trained_on,
        terms=manifest.terms,
        device=str(model.inference.device),
    )
