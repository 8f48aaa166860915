"""GET /galleries/{name}/photos."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.photo_page import PhotoPage


def request(
    name: str,
    *,
    after: int | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "after": after,
        "limit": limit,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/photos".format(
            name=quote(str(name), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> PhotoPage:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotoPage.from_dict(data)
