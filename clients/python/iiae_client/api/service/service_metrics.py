"""GET /metrics."""

from typing import Any

import httpx

from ...errors import fail


def request() -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "GET",
        "url": "/metrics",
    }


def answer(response: httpx.Response) -> str:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    return response.text
