"""POST /search/vector."""

from typing import Any

import httpx

from ...errors import fail
from ...models.images_search_body import ImagesSearchBody
from ...models.search_result import SearchResult


def request(
    body: ImagesSearchBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/search/vector",
        "json": body.to_dict(),
    }


def answer(response: httpx.Response) -> SearchResult:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return SearchResult.from_dict(data)
