"""POST /analogy."""

from typing import Any

import httpx

from ...errors import fail
from ...models.images_analogy_body import ImagesAnalogyBody
from ...models.translation import Translation


def request(
    body: ImagesAnalogyBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/analogy",
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> Translation:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Translation.from_dict(data)


def image(response: httpx.Response) -> bytes:
    """Return the picture. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    return response.content
