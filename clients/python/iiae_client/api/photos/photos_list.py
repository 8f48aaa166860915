"""GET /galleries/{name}/photos."""

from collections.abc import Sequence
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
    label: str | Sequence[str] | None = None,
    folder: str | None = None,
    metadata: str | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "after": after,
        "limit": limit,
        "label": label,
        "folder": folder,
        "metadata": metadata,
    }
    return {
        "method": "GET",
        "url": "/galleries/{name}/photos".format(
            name=quote(str(name), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> PhotoPage:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotoPage.from_dict(data)
