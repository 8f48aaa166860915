"""POST /retrieve."""

from typing import Any

import httpx

from ...errors import fail
from ...models.images_retrieve_body import ImagesRetrieveBody
from ...models.search_result import SearchResult


def request(
    body: ImagesRetrieveBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/retrieve",
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> SearchResult:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return SearchResult.from_dict(data)
