"""POST /galleries/{name}/reindex."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.reindex import Reindex
from ...models.reindex_start_body import ReindexStartBody


def request(
    name: str,
    body: ReindexStartBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/galleries/{name}/reindex".format(
            name=quote(str(name), safe=""),
        ),
        "json": body.to_dict(),
    }


def answer(response: httpx.Response) -> Reindex:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Reindex.from_dict(data)
