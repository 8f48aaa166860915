"""DELETE /galleries/{name}/reindex."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail


def request(
    name: str,
) -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "DELETE",
        "url": "/galleries/{name}/reindex".format(
            name=quote(str(name), safe=""),
        ),
    }


def answer(response: httpx.Response) -> None:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
