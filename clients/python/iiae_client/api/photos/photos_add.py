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
    """What httpx is to send."""
    return {
        "method": "POST",
        "url": "/galleries/{name}/photos".format(
            name=quote(str(name), safe=""),
        ),
        "files": body.to_multipart(),
    }


def answer(response: httpx.Response) -> PhotosAdded:
    """What the service answered. Raises ProblemError where it refused or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return PhotosAdded.from_dict(data)
