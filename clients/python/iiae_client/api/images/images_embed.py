"""POST /embed."""

from typing import Any

import httpx

from ...errors import fail
from ...models.embedding import Embedding
from ...models.images_embed_body import ImagesEmbedBody


def request(
    body: ImagesEmbedBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/embed",
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> Embedding:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Embedding.from_dict(data)
