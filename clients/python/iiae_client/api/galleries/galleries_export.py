"""GET /galleries/{name}/export."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail


def request(
    name: str,
    *,
    photos: bool | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "photos": photos,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/export".format(
            name=quote(str(name), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> bytes:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    return response.content
