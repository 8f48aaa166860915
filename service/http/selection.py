"""The fields that say which hits of a search, or which photos of a gallery, an operation is about."""

from typing import Annotated, cast

from fastapi import Depends, Form, Query
from pydantic import JsonValue
from pydantic_core import from_json

from service.errors import ParameterInvalid
from service.galleries.photo_filter import OPERATORS, Equal, Operator, PhotoFilter, Scalar, Within
from service.galleries.query import Selection
from service.http.form_fields import check_metadata
from service.http.selection_texts import (
    FOLDER,
    LABEL,
    MAX_CONDITIONS,
    MAX_OFFSET,
    MAX_TEXT,
    MAX_VALUES,
    METADATA,
    MIN_SCORE,
    OFFSET,
    K,
)

JSON_TEXT: dict[str, JsonValue] = {"contentMediaType": "application/json"}
"""Says in the OpenAPI document that a text field holds JSON."""


async def _selection_of_form(
    k: Annotated[int, Form(ge=1, le=1000, description=K)] = 20,
    offset: Annotated[int, Form(ge=0, le=MAX_OFFSET, description=OFFSET)] = 0,
    min_score: Annotated[float | None, Form(ge=-1, le=1, allow_inf_nan=False, description=MIN_SCORE)] = None,
    label: Annotated[list[str] | None, Form(max_length=MAX_VALUES, description=LABEL)] = None,
    folder: Annotated[str | None, Form(description=FOLDER)] = None,
    metadata: Annotated[
        str | None, Form(max_length=MAX_TEXT, description=METADATA, json_schema_extra=JSON_TEXT)
    ] = None,
) -> Selection:
    wanted = photo_filter(label=label, folder=folder, metadata=metadata)
    return Selection(k=k, offset=offset, min_score=min_score, wanted=wanted)


async def _filter_of_query(
    label: Annotated[list[str] | None, Query(max_length=MAX_VALUES, description=LABEL)] = None,
    folder: Annotated[str | None, Query(description=FOLDER)] = None,
    metadata: Annotated[str | None, Query(max_length=MAX_TEXT, description=METADATA)] = None,
) -> PhotoFilter:
    return photo_filter(label=label, folder=folder, metadata=metadata)


QueryFilter = Annotated[PhotoFilter, Depends(_filter_of_query)]
"""The photos that a query selects."""


async def _selection_of_query(
    wanted: QueryFilter,
    k: Annotated[int, Query(ge=1, le=1000, description=K)] = 20,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET, description=OFFSET)] = 0,
    min_score: Annotated[float | None, Query(ge=-1, le=1, allow_inf_nan=False, description=MIN_SCORE)] = None,
) -> Selection:
    return Selection(k=k, offset=offset, min_score=min_score, wanted=wanted)


FormSelection = Annotated[Selection, Depends(_selection_of_form)]
"""The hits that a form asks for."""
QuerySelection = Annotated[Selection, Depends(_selection_of_query)]
"""The hits that a query asks for."""


def photo_filter(
    *, label: list[str] | None, folder: str | None, metadata: str | dict[str, JsonValue] | None
) -> PhotoFilter:
    """Return the filter that fields ask for. A blank folder or condition counts as omitted.

    Raises:
        ParameterInvalid: the folder or the conditions cannot be understood.
    """
    return PhotoFilter(
        labels=tuple(label or ()),
        folder=_folder(folder) if folder else None,
        metadata=conditions(_parsed(metadata) if isinstance(metadata, str) else metadata or {}),
    )


def _folder(text: str) -> str:
    folder = text.removeprefix("./").strip("/")
    if not folder or folder == "." or ".." in folder.split("/"):
        raise ParameterInvalid(
            f"{text[:80]!r} is not a folder of photos; send a path such as 2024/summer, without ..",
            (("folder", "not the path of a folder"),),
        )
    return folder


def _parsed(text: str) -> dict[str, JsonValue]:
    if not text.strip():
        return {}
    try:
        value: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise _invalid(f"not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise _invalid("not a JSON object")
    return value


def conditions(value: dict[str, JsonValue]) -> tuple[Equal | Within, ...]:
    """Return conditions on the metadata.

    Raises:
        ParameterInvalid: a condition cannot be understood, or there are too many.
    """
    if len(value) > MAX_CONDITIONS:
        raise _invalid(f"more than {MAX_CONDITIONS} conditions")
    check_metadata(value)
    return tuple(_condition(key, wanted) for key, wanted in value.items())


def _condition(key: str, wanted: JsonValue) -> Equal | Within:
    if isinstance(wanted, dict):
        return Within(key, tuple(_limit(key, name, limit) for name, limit in wanted.items()))
    values = wanted if isinstance(wanted, list) else [wanted]
    if not 1 <= len(values) <= MAX_VALUES or any(isinstance(value, list | dict) for value in values):
        raise _invalid(f"no condition under {key[:80]!r}: a list may have 1 to {MAX_VALUES} single values")
    return Equal(key, tuple(cast(list[Scalar], values)))


def _limit(key: str, name: str, limit: JsonValue) -> tuple[Operator, int | float]:
    if name not in OPERATORS or isinstance(limit, bool) or not isinstance(limit, int | float):
        raise _invalid(f"no limit of a number under {key[:80]!r}: {', '.join(OPERATORS)} are known")
    return name, limit


def _invalid(fault: str) -> ParameterInvalid:
    return ParameterInvalid(
        f'the conditions on the metadata are {fault}; send an object such as {{"colour": ["red", "blue"], '
        '"year": {"gte": 2020}}',
        (("metadata", fault),),
    )
