"""GET /galleries/{name}/photos/{photo_id}/similar."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.search_result import SearchResult


def request(
    name: str,
    photo_id: int,
    *,
    k: int | None = None,
    offset: int | None = None,
    min_score: float | None = None,
    label: str | Sequence[str] | None = None,
    folder: str | None = None,
    metadata: str | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "k": k,
        "offset": offset,
        "min_score": min_score,
        "label": label,
        "folder": folder,
        "metadata": metadata,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/photos/{photo_id}/similar".format(
            name=quote(str(name), safe=""),
            photo_id=quote(str(photo_id), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> SearchResult:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return SearchResult.from_dict(data)
