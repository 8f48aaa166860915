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
    """What httpx is to send."""
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
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotoPage.from_dict(data)
