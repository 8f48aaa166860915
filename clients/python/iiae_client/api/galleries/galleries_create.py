"""POST /galleries."""

from typing import Any

import httpx

from ...errors import fail
from ...models.galleries_create_body import GalleriesCreateBody
from ...models.gallery import Gallery


def request(
    body: GalleriesCreateBody,
) -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "POST",
        "url": "/galleries",
        "json": body.to_dict(),
    }


def answer(response: httpx.Response) -> Gallery:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Gallery.from_dict(data)
