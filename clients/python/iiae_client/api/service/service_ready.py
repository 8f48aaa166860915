"""GET /health/ready."""

from typing import Any

import httpx

from ...errors import fail
from ...models.health import Health


def request() -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "GET",
        "url": "/health/ready",
    }


def answer(response: httpx.Response) -> Health:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Health.from_dict(data)
