"""GET /galleries/{name}/labels."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.labels import Labels


def request(
    name: str,
    *,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "limit": limit,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/labels".format(
            name=quote(str(name), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> Labels:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Labels.from_dict(data)
