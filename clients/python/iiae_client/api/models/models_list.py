"""GET /models."""

from typing import Any

import httpx

from ...errors import fail
from ...models.models import Models


def request() -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "GET",
        "url": "/models",
    }


def answer(response: httpx.Response) -> Models:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Models.from_dict(data)
