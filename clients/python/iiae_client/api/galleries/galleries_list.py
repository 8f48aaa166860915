"""GET /galleries."""

from typing import Any

import httpx

from ...errors import fail
from ...models.galleries import Galleries


def request() -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "GET",
        "url": "/galleries",
    }


def answer(response: httpx.Response) -> Galleries:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Galleries.from_dict(data)
