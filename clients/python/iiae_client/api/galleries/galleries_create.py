"""POST /galleries."""

from typing import Any

import httpx

from ...errors import fail
from ...models.galleries_create_body import GalleriesCreateBody
from ...models.gallery import Gallery


def request(
    body: GalleriesCreateBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/galleries",
        "json": body.to_dict(),
    }


def answer(response: httpx.Response) -> Gallery:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Gallery.from_dict(data)
