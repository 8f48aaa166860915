"""GET /galleries."""

from typing import Any

import httpx

from ...errors import fail
from ...models.galleries import Galleries


def request() -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "GET",
        "url": "/galleries",
    }


def answer(response: httpx.Response) -> Galleries:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Galleries.from_dict(data)
