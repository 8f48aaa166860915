"""POST /analogy."""

from typing import Any

import httpx

from ...errors import fail
from ...models.images_analogy_body import ImagesAnalogyBody
from ...models.translation import Translation


def request(
    body: ImagesAnalogyBody,
) -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "POST",
        "url": "/analogy",
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> Translation:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Translation.from_dict(data)


def image(response: httpx.Response) -> bytes:
    """The picture that the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    return response.content
