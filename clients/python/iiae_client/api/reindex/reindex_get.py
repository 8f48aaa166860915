"""GET /galleries/{name}/reindex."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.reindex import Reindex


def request(
    name: str,
) -> dict[str, Any]:
    """What httpx is to send."""
    return {
        "method": "GET",
        "url": "/galleries/{name}/reindex".format(
            name=quote(str(name), safe=""),
        ),
    }


def answer(response: httpx.Response) -> Reindex:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Reindex.from_dict(data)
