"""DELETE /galleries/{name}/photos/{photo_id}."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail


def request(
    name: str,
    photo_id: int,
) -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "DELETE",
        "url": "/galleries/{name}/photos/{photo_id}".format(
            name=quote(str(name), safe=""),
            photo_id=quote(str(photo_id), safe=""),
        ),
    }


def answer(response: httpx.Response) -> None:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
