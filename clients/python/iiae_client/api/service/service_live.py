"""GET /health/live."""

from typing import Any

import httpx

from ...errors import fail
from ...models.health import Health


def request() -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "GET",
        "url": "/health/live",
    }


def answer(response: httpx.Response) -> Health:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Health.from_dict(data)
