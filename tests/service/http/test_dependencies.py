"""While the models are being loaded, every operation answers 503: no name is known or unknown yet."""

import asyncio
import re

import httpx
import pytest

from service.http.app import create_app
from service.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
OPERATIONS = {
    operation["operationId"]: (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
ALWAYS = {"service.live", "service.ready", "service.metrics", "models.reload"}
"""Probes have answers of their own. A reload waits until the models are loaded."""


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - ALWAYS))
def test_every_operation_answers_503_while_models_load(tmp_path, name):
    method, path = OPERATIONS[name]

    async def scenario() -> httpx.Response:
        app = create_app(Settings(home=tmp_path))  # its registry was not started
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.request(method, re.sub(r"\{\w+\}", "1", path))

    answer = asyncio.run(scenario())
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready"), answer.text
    assert answer.headers["retry-after"] == "2"
