"""Routes that return images."""

import asyncio
from threading import Barrier
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from service.http.routes import images
from service.http.security import READ
from service.images.decode import encode
from service.inference.translation import Sample, Translation
from service.inference.workers import Workers


class FakeTranslator:
    async def translate(self, *args: object, samples: int, **options: object) -> Translation:
        made = [Sample(image=Image.new("RGB", (8, 8), (seed, 0, 0)), seed=seed) for seed in range(samples)]
        return Translation(source="photo", target="label", samples=made)


def test_samples_are_encoded_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(2, timeout=10)

    def encode_together(image: Image.Image, kind: str) -> bytes:
        together.wait()  # fails unless two samples are encoded at the same time
        return encode(image, kind)

    monkeypatch.setattr(images, "encode", encode_together)
    app = FastAPI()
    app.include_router(images.router)
    app.state.services = SimpleNamespace(
        registry=SimpleNamespace(get=lambda name, capability: SimpleNamespace(id="tiny")),
        translator=FakeTranslator(),
        workers=Workers(max_waiting=9, threads=2),
    )
    for dependency in READ:
        app.dependency_overrides[dependency.dependency] = lambda: None

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.post("/translate", files={"image": b"a picture"}, data={"samples": "4"})

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    assert [sample["seed"] for sample in answer.json()["images"]] == [0, 1, 2, 3]
