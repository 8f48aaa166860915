"""GET /galleries/{name}/photos/{photo_id}."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.photos_get_size import PhotosGetSize


def request(
    name: str,
    photo_id: int,
    *,
    size: PhotosGetSize | None = None,
    v: str | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "size": size,
        "v": v,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/photos/{photo_id}".format(
            name=quote(str(name), safe=""),
            photo_id=quote(str(photo_id), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> bytes:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    return response.content
