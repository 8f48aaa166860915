"""PATCH /galleries/{name}/photos/{photo_id}."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.photo import Photo
from ...models.photos_update_body import PhotosUpdateBody


def request(
    name: str,
    photo_id: int,
    body: PhotosUpdateBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "PATCH",
        "url": "/galleries/{name}/photos/{photo_id}".format(
            name=quote(str(name), safe=""),
            photo_id=quote(str(photo_id), safe=""),
        ),
        "json": body.to_dict(),
    }


def answer(response: httpx.Response) -> Photo:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Photo.from_dict(data)
