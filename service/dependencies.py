"""What routes are given: the service's parts, and the files of a request."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, UploadFile
from pydantic import JsonValue

from service.cache import EmbeddingCache
from service.embedding import Embedder
from service.engine import Engine
from service.errors import ParameterInvalid
from service.images import Upload
from service.registry import Registry
from service.retrieval import Retrieval
from service.settings import Settings
from service.telemetry import Telemetry
from service.translation import Translator
from service.workers import Workers


@dataclass(frozen=True, kw_only=True)
class Services:
    """All parts, composed once in `service.app`."""

    settings: Settings
    registry: Registry
    engine: Engine
    cache: EmbeddingCache
    workers: Workers
    embedder: Embedder
    translator: Translator
    retrieval: Retrieval
    telemetry: Telemetry


def services(request: Request) -> Services:
    """The app's parts."""
    parts: Services = request.app.state.services
    return parts


Parts = Annotated[Services, Depends(services)]


async def once(request: Request) -> None:
    """Refuses a form that names a field twice, which would otherwise be the last one without a word."""
    form = await request.form()
    for name in form:
        if len(form.getlist(name)) > 1:
            raise ParameterInvalid(f"{name} was sent {len(form.getlist(name))} times; send it once", ((name, "sent more than once"),))


async def received(file: UploadFile) -> Upload:
    """A file's bytes."""
    return Upload.of(await file.read(), file.filename)


async def received_all(files: Sequence[UploadFile], most: int) -> list[Upload]:
    """Several files' bytes. Raises ParameterInvalid for more than `most`."""
    if len(files) > most:
        raise ParameterInvalid(f"{len(files)} images in one request; at most {most} are accepted", (("image", "too many"),))
    return [await received(file) for file in files]


def metadata_object(text: str | None) -> dict[str, JsonValue]:
    """A JSON object sent as text. Raises ParameterInvalid for anything else."""
    if text is None or not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterInvalid('metadata is not JSON; a JSON object is accepted, e.g. {"sku": 12}', (("metadata", "not JSON"),)) from error
    if not isinstance(value, dict):
        raise ParameterInvalid('metadata is not a JSON object; an object is accepted, e.g. {"sku": 12}', (("metadata", "not an object"),))
    return value
