"""What routes are given: the service's parts, and the files of a request."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated

from fastapi import Depends, Request, UploadFile
from pydantic import JsonValue
from pydantic_core import from_json

from service.cache.embeddings import EmbeddingCache
from service.errors import ParameterInvalid
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.reindex.background import BackgroundReindexer
from service.galleries.search import Search
from service.http.telemetry import Telemetry
from service.images.decode import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.translation import Translator
from service.inference.workers import Workers
from service.registry.registry import Registry
from service.settings import Settings

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SPACES = str.maketrans("\t\r\n", "   ")
METADATA_DEPTH = 32
"""Levels that a photo's metadata may have: far more than anyone needs, and far fewer than those at which JSON libraries give up."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """All parts, composed once in `service.http.app`."""

    settings: Settings
    registry: Registry
    engine: Engine
    cache: EmbeddingCache
    workers: Workers
    embedder: Embedder
    translator: Translator
    galleries: Galleries
    search: Search
    catalogue: Catalogue
    reindexing: BackgroundReindexer
    telemetry: Telemetry


def services(request: Request) -> Services:
    """The app's parts."""
    parts: Services = request.app.state.services
    return parts


Parts = Annotated[Services, Depends(services)]


def once(*several: str) -> Callable[[Request], Awaitable[None]]:
    """Refuses a form that names a field twice, which would otherwise be the last one without a word; but for those that may be `several`."""

    async def refuse_twice(request: Request) -> None:
        form = await request.form()
        for name in form:
            if name not in several and len(form.getlist(name)) > 1:
                raise ParameterInvalid(
                    f"{name} was sent {len(form.getlist(name))} times; send it once",
                    ((name, "sent more than once"),),
                )

    return refuse_twice


def chosen(files: list[UploadFile | str]) -> list[UploadFile | str]:
    """The files of a field that may have none: forms in which nothing was chosen send it all the same, empty."""
    return [file for file in files if (file.strip() if isinstance(file, str) else file.filename or file.size)]


async def received(file: UploadFile) -> Upload:
    """A file's bytes."""
    return Upload.of(await file.read(), file.filename)


async def received_all(files: Sequence[UploadFile], most: int, field: str) -> list[Upload]:
    """Several files' bytes. Raises ParameterInvalid for more than `most`."""
    if len(files) > most:
        raise ParameterInvalid(
            f"{len(files)} of {field} in one request; at most {most} are accepted", ((field, "too many"),)
        )
    return [await received(file) for file in files]


def label_line(text: str | None) -> str | None:
    """A label as it was sent. Raises ParameterInvalid where it is more than a line of text."""
    if text is not None and CONTROL.search(text):
        raise ParameterInvalid(
            "the label has control characters; one line of text is accepted",
            (("label", "control characters"),),
        )
    return text


def metadata_object(text: str | None) -> dict[str, JsonValue]:
    """A JSON object sent as text, of what can be sent back as JSON again. Raises ParameterInvalid for anything else."""
    if text is None or not text.strip():
        return {}
    try:
        value: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise ParameterInvalid(
            f'metadata is not JSON ({error}); a JSON object is accepted, e.g. {{"sku": 12}}',
            (("metadata", "not JSON"),),
        ) from error
    if not isinstance(value, dict):
        raise ParameterInvalid(
            'metadata is not a JSON object; an object is accepted, e.g. {"sku": 12}',
            (("metadata", "not an object"),),
        )
    if fault := next((fault for depth, part in _parts(value) if (fault := _fault(depth, part))), None):
        raise ParameterInvalid(f"metadata has {fault}", (("metadata", fault),))
    return value


def _parts(value: JsonValue, depth: int = 1) -> Iterator[tuple[int, JsonValue]]:
    """The value and everything in it, keys too, with how deep it lies."""
    yield depth, value
    inner: Sequence[JsonValue] = (
        [*value.keys(), *value.values()]
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else ()
    )
    for part in inner:
        yield from _parts(part, depth + 1)


def _fault(depth: int, part: JsonValue) -> str | None:
    if depth > METADATA_DEPTH and isinstance(part, dict | list):
        return f"more than {METADATA_DEPTH} levels"
    if isinstance(part, float) and not isfinite(part):
        return "a number that is too large"
    if isinstance(part, str) and CONTROL.search(part.translate(SPACES)):
        return "control characters; text, tabs and ends of lines are accepted"
    return None
