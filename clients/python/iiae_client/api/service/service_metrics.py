"""GET /metrics."""

from typing import Any

import httpx

from ...errors import fail


def request() -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "GET",
        "url": "/metrics",
    }


def answer(response: httpx.Response) -> str:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    return response.text
