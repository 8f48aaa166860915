"""DELETE /galleries/{name}."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail


def request(
    name: str,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "DELETE",
        "url": "/galleries/{name}".format(
            name=quote(str(name), safe=""),
        ),
    }


def answer(response: httpx.Response) -> None:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
