"""Read and check the fields of multipart forms: uploaded files, labels and metadata."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from math import isfinite
from typing import Annotated

from fastapi import File, Request, UploadFile
from pydantic import JsonValue
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from service.errors import ParameterInvalid
from service.images.upload import Upload

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
"""In a Python text, a surrogate is always half of a pair. UTF-8 does not have it."""
WHITESPACE_TO_SPACES = str.maketrans("\t\r\n", "   ")
SMALL_FILE = 65_536
"""Bytes of a file that is hashed on the event loop. This takes 0.1 ms, as long as a change of threads."""
MAX_METADATA_DEPTH = 32
"""Levels of nesting in a photo's metadata. JSON libraries fail at a few hundred or thousand levels."""

ImageFile = Annotated[
    UploadFile,
    File(description="Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."),
]


def refuse_repeated_fields(*repeatable: str) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that refuses forms with a repeated field, even if no parameter has its name.

    FastAPI would silently use the last value.

    Args:
        repeatable: fields that may occur more than once.
    """

    async def check(request: Request) -> None:
        for name in await request.form():
            if name not in repeatable:
                await refuse_repeated_field(request, name)

    return check


async def refuse_repeated_field(request: Request, name: str) -> None:
    """Refuse a form with several values of one field. FastAPI would silently use the last value."""
    count = len((await request.form()).getlist(name))
    if count > 1:
        raise ParameterInvalid(
            f"the field {name} was sent {count} times; send it once",
            ((name, "sent more than once"),),
        )


def drop_empty_files(files: list[UploadFile | str]) -> list[UploadFile | str]:
    """Return the files without the empty ones.

    A browser sends an empty file for a file input in which the user chose nothing.
    """
    return [file for file in files if (file.strip() if isinstance(file, str) else file.filename or file.size)]


async def read_upload(file: UploadFile) -> Upload:
    """Read and hash a file, and close it, because its contents would stay in memory twice.

    Hashing 16 MB takes 30 ms, too long for the event loop. A small file does not need a thread.
    """
    if file.size is not None and file.size <= SMALL_FILE:
        return _read_and_close(file)
    return await run_in_threadpool(_read_and_close, file)


def _read_and_close(file: UploadFile) -> Upload:
    with file.file:
        return Upload.of(file.file.read(), file.filename)


async def read_uploads(files: Sequence[UploadFile], max_files: int, field: str) -> list[Upload]:
    """Read and hash the files of one field.

    Raises:
        ParameterInvalid: there are more than `max_files`.
    """
    if len(files) > max_files:
        raise ParameterInvalid(
            f"the field {field} has {len(files)} files; send at most {max_files} in one request",
            ((field, "too many files"),),
        )
    return [await read_upload(file) for file in files]


def parse_label(text: str | None) -> str | None:
    """Return a photo's label.

    Raises:
        ParameterInvalid: the label has control characters, such as line breaks.
    """
    if text is not None and CONTROL_CHARACTERS.search(text):
        raise ParameterInvalid(
            "the label has control characters; send one line of text",
            (("label", "control characters are not accepted"),),
        )
    return text


def parse_metadata(text: str | None) -> dict[str, JsonValue]:
    """Parse a photo's metadata, a JSON object sent as text.

    The result can always be sent back as JSON. An omitted or blank field gives an empty object.

    Raises:
        ParameterInvalid: the text is not a JSON object, is nested too deeply, has a number that is too large
            for a float, or has control characters.
    """
    if text is None or not text.strip():
        return {}
    try:
        value: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise ParameterInvalid(
            f'the metadata is not valid JSON ({error}); send a JSON object, e.g. {{"sku": 12}}',
            (("metadata", "not valid JSON"),),
        ) from error
    if not isinstance(value, dict):
        raise ParameterInvalid(
            'the metadata is not a JSON object; send an object, e.g. {"sku": 12}',
            (("metadata", "not a JSON object"),),
        )
    return check_metadata(value)


def check_metadata(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a photo's metadata, if it can always be sent back as JSON.

    Raises:
        ParameterInvalid: it is nested too deeply, or has a number that is too large for a float, or control
            characters.
    """
    for depth, node in _walk(value):
        if fault := _fault(depth, node):
            raise ParameterInvalid(f"the metadata has {fault}", (("metadata", f"has {fault}"),))
    return value


def _walk(value: JsonValue, depth: int = 1) -> Iterator[tuple[int, JsonValue]]:
    """Yield the depth and value of every node. An object's keys are nodes too."""
    yield depth, value
    children: Sequence[JsonValue] = ()
    if isinstance(value, dict):
        children = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        children = value
    for child in children:
        yield from _walk(child, depth + 1)


def _fault(depth: int, node: JsonValue) -> str | None:
    """Return what is wrong with one node, or None."""
    if depth > MAX_METADATA_DEPTH and isinstance(node, dict | list):
        return f"more than {MAX_METADATA_DEPTH} levels of nesting; send a flatter object"
    if isinstance(node, float) and not isfinite(node):
        return "a number that is too large; send it as text"
    if isinstance(node, str) and SURROGATE.search(node):
        return "half of a surrogate pair, such as \\ud800; send whole characters"
    if isinstance(node, str) and CONTROL_CHARACTERS.search(node.translate(WHITESPACE_TO_SPACES)):
        return "control characters; only text, tabs and line breaks are accepted"
    return None
