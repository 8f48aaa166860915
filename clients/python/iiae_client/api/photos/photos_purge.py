"""DELETE /galleries/{name}/photos."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.photos_removed import PhotosRemoved


def request(
    name: str,
    *,
    id: int | Sequence[int] | None = None,
    label: str | Sequence[str] | None = None,
    folder: str | None = None,
    metadata: str | None = None,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    query = {
        "id": id,
        "label": label,
        "folder": folder,
        "metadata": metadata,
    }
    return {
        "method": "DELETE",
        "url": "/galleries/{name}/photos".format(
            name=quote(str(name), safe=""),
        ),
        "params": {name: value for name, value in query.items() if value is not None},
    }


def answer(response: httpx.Response) -> PhotosRemoved:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotosRemoved.from_dict(data)
