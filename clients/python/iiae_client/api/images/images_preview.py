"""POST /preview."""

from typing import Any

import httpx

from ...errors import fail
from ...models.images_preview_body import ImagesPreviewBody


def request(
    body: ImagesPreviewBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/preview",
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> bytes:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    return response.content
