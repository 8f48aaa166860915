"""Routes that translate, combine and embed images."""

import asyncio
import base64
import threading
from io import BytesIO
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from image_files import animated_gif, open_image
from PIL import Image
from serving import png

from service.http.multipart import Forms
from service.http.routes import images
from service.http.security import READ
from service.images.encode import encode
from service.inference.translation import Sample, Translation
from service.inference.workers import Workers


def test_a_seed_reproduces_a_sample(client):
    def ask(**data):
        return client.post("/translate", files={"image": png()}, data={"model": "tiny"} | data).json()

    first, second = ask(samples="3", seed="7"), ask(samples="3", seed="7")
    assert first == second
    assert [image["seed"] for image in first["images"]] == [7, 8, 9]
    assert (first["source"], first["target"]) == ("photo", "label")
    assert open_image(base64.b64decode(first["images"][0]["data"])).size == (32, 32)
    assert ask(samples="1", seed="8")["images"][0]["data"] == first["images"][1]["data"]
    assert ask(style="mean")["images"][0]["seed"] is None
    assert ask(source="label")["target"] == "photo"


def test_a_reference_determines_the_style(client):
    files = {"image": png(1), "reference": png(2)}
    first = client.post("/translate", files=files, data={"model": "tiny"}).json()["images"]
    assert len(first) == 1
    assert first == client.post("/translate", files=files, data={"model": "tiny"}).json()["images"]


def test_an_empty_text_field_counts_as_omitted(client):
    data = {"model": "tiny", "seed": "3"}
    omitted = client.post("/translate", files={"image": png(1)}, data=data)
    empty = client.post("/translate", files=[("image", png(1))], data=data | {"reference": "", "source": ""})
    assert empty.json()["images"] == omitted.json()["images"]


def test_an_empty_file_field_counts_as_omitted(client):
    """A browser sends such a field for a file input in which nothing was chosen."""
    file = (
        b'--x\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n%b\r\n"
    )
    body = (
        file % (b"image", b"1.png", png(1))
        + file % (b"reference", b"", b"")
        + b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ntiny\r\n--x--\r\n'
    )
    answer = client.post(
        "/translate", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 200, answer.text


def test_text_in_a_file_field_is_refused(client):
    data = {"model": "tiny", "reference": "a path"}
    answer = client.post("/translate", files=[("image", png(1))], data=data)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reference.0")


def test_mix_interpolates_between_two_references(client):
    def ask(*seeds, **data):
        files = [("image", png(1)), *(("reference", png(seed)) for seed in seeds)]
        return client.post("/translate", files=files, data={"model": "tiny"} | data).json()

    def pixels(answer):
        (image,) = answer["images"]
        return np.asarray(open_image(base64.b64decode(image["data"]))).astype(int)

    assert np.abs(pixels(ask(2, 3, mix="0")) - pixels(ask(2))).max() <= 1
    assert np.abs(pixels(ask(2, 3, mix="1")) - pixels(ask(3))).max() <= 1
    assert ask(2, 3) == ask(2, 3, mix="0.5")
    assert ask(2, 3, 4)["errors"][0]["field"] == "reference"


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_accept_selects_an_image_response(client, kind):
    answer = client.post(
        "/translate",
        files={"image": png()},
        data={"model": "tiny", "seed": "3"},
        headers={"Accept": f"image/{kind}"},
    )
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.headers["x-seed"] == "3"
    assert open_image(answer.content).format == kind.upper()


def test_analogy_stays_in_the_domain(client):
    answer = client.post(
        "/analogy", files={"image": png(1), "reference": png(2)}, data={"model": "tiny"}
    ).json()
    assert (answer["source"], answer["target"], len(answer["images"])) == ("photo", "photo", 1)


@pytest.mark.parametrize(
    ("model", "kind", "shape"),
    [("tiny", "shared", [16, 1, 1]), ("tiny", "exclusive", [8]), ("drawn", "shared", [32])],
)
def test_embed_returns_embeddings(client, model, kind, shape):
    answer = client.post("/embed", files={"image": png()}, data={"model": model, "kind": kind}).json()
    assert answer["shape"] == shape
    assert len(answer["values"]) == np.prod(shape)


@pytest.mark.parametrize("mode", ["CMYK", "P", "LA", "RGBA", "1", "L", "I;16"])
def test_unusual_pixel_modes_are_accepted(client, mode):
    if mode == "I;16":
        image = Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40)
    else:
        image = Image.new("RGB", (40, 40), (200, 100, 50)).convert(mode)
    out = BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert client.post("/embed", files={"image": out.getvalue()}, data={"model": "tiny"}).status_code == 200


def test_animations_are_accepted(client):
    assert client.post("/embed", files={"image": animated_gif()}).status_code == 200


def test_a_second_file_is_refused(client):
    answer = client.post("/translate", files=[("image", png()), ("image", png(1))])
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")


def test_an_empty_form_is_refused(client):
    answer = client.post(
        "/translate", content=b"", headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_concurrent_requests_get_the_answers_of_single_requests(server):
    with httpx.Client(base_url=server.url, timeout=60) as sequential:
        expected = [
            sequential.post("/embed", files={"image": png(seed)}, data={"model": "tiny"}).json()["values"]
            for seed in range(12)
        ]
    found: dict[int, list[float]] = {}

    def ask(seed: int) -> None:
        found[seed] = httpx.post(
            f"{server.url}/embed", files={"image": png(seed)}, data={"model": "tiny"}, timeout=60
        ).json()["values"]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(12):
        np.testing.assert_allclose(found[seed], expected[seed], rtol=1e-2, atol=1e-3)


class FakeTranslator:
    async def translate(self, *args: object, samples: int, **options: object) -> Translation:
        made = [Sample(image=Image.new("RGB", (8, 8), (seed, 0, 0)), seed=seed) for seed in range(samples)]
        return Translation(source="photo", target="label", samples=made)


def test_samples_are_encoded_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=10)

    def encode_together(image: Image.Image, kind: str) -> bytes:
        together.wait()  # fails unless two samples are encoded at the same time
        return encode(image, kind)

    monkeypatch.setattr(images, "encode", encode_together)
    app = FastAPI()
    app.include_router(images.router)
    app.state.forms = Forms(max_files=1)
    app.state.services = SimpleNamespace(
        registry=SimpleNamespace(get=lambda name, capability: SimpleNamespace(id="tiny")),
        translator=FakeTranslator(),
        encoding=Workers(max_waiting=9, threads=2),
    )
    for dependency in READ:
        app.dependency_overrides[dependency.dependency] = lambda: None

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.post("/translate", files={"image": b"a picture"}, data={"samples": "4"})

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    assert [sample["seed"] for sample in answer.json()["images"]] == [0, 1, 2, 3]
