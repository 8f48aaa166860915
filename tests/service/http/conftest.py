"""A gallery on the server of the tests."""

import pytest
from serving import png


@pytest.fixture(scope="module")
def gallery(client):
    """The ids of six photos, in the new gallery `noise`."""
    assert client.post("/galleries", json={"name": "noise", "model": "drawn"}).status_code == 201
    files = [("image", (f"{seed}.png", png(seed))) for seed in range(6)]
    answer = client.post(
        "/galleries/noise/photos", files=files, data={"label": "noise", "metadata": '{"sku": 12}'}
    )
    assert answer.status_code == 201, answer.text
    yield [photo["id"] for photo in answer.json()["photos"]]
    assert client.delete("/galleries/noise").status_code == 204
