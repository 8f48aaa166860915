"""POST /galleries/{name}/photos."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.photos_add_body import PhotosAddBody
from ...models.photos_added import PhotosAdded


def request(
    name: str,
    body: PhotosAddBody,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "POST",
        "url": "/galleries/{name}/photos".format(
            name=quote(str(name), safe=""),
        ),
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> PhotosAdded:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotosAdded.from_dict(data)
