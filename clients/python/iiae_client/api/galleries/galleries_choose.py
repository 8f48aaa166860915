"""PUT /galleries/{name}/default."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.gallery import Gallery


def request(
    name: str,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "PUT",
        "url": "/galleries/{name}/default".format(
            name=quote(str(name), safe=""),
        ),
    }


def answer(response: httpx.Response) -> Gallery:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Gallery.from_dict(data)
