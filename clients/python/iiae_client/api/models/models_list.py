"""GET /models."""

from typing import Any

import httpx

from ...errors import fail
from ...models.models import Models


def request() -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "GET",
        "url": "/models",
    }


def answer(response: httpx.Response) -> Models:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Models.from_dict(data)
