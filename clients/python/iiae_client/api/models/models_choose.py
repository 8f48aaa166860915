"""PUT /models/{model_id}/default."""

from typing import Any
from urllib.parse import quote

import httpx

from ...errors import fail
from ...models.model import Model


def request(
    model_id: str,
) -> dict[str, Any]:
    """Return the arguments of httpx's `request`."""
    return {
        "method": "PUT",
        "url": "/models/{model_id}/default".format(
            model_id=quote(str(model_id), safe=""),
        ),
    }


def answer(response: httpx.Response) -> Model:
    """Return the answer. Raises ProblemError if the request was rejected or failed."""
    if not response.is_success:
        fail(response)
    data: Any = response.json()
    return Model.from_dict(data)
