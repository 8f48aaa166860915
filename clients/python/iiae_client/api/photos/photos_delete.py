"""DELETE /galleries/{name}/photos/{photo_id}."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail


def request(
    name: str,
    photo_id: int,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "DELETE",
        "url": "/galleries/{name}/photos/{photo_id}".format(
            name=quote(str(name), safe=""),
            photo_id=quote(str(photo_id), safe=""),
        ),
    }


def answer(response: httpx.Response) -> None:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
