"""The requests that are recorded: every operation of the API, on the released models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from sample_pictures import Upload, blank_sketch, coloured_shapes, fish_sketch, house_sketch, sample, umbrella

Value = str | int | float
Files = Sequence[tuple[str, Upload]]


@dataclass(frozen=True)
class Exchange:
    """One request.

    Args:
        operation: its id in the OpenAPI document.
        files: files of the multipart form.
        data: other fields of the multipart form.
        json: the JSON body.
        accept: the Accept header; None leaves it to the client.
    """

    operation: str
    method: str
    path: str
    files: Files = ()
    data: Mapping[str, Value] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    accept: str | None = None

    def send(self, client: httpx.Client) -> httpx.Response:
        return client.request(
            self.method,
            self.path,
            files=self.files or None,
            data=self.data,
            json=self.json,
            headers={"Accept": self.accept} if self.accept else None,
        )


def exchanges() -> Iterator[Exchange]:
    """Yield all requests in order. The first goes to a service with an empty home."""
    yield from _status_and_models()
    yield from _translations()
    yield from _embeddings()
    yield from _galleries()
    yield from _searches()
    yield from _reindexing()
    yield from _deletions()


def _status_and_models() -> Iterator[Exchange]:
    yield Exchange("service.live", "GET", "/health/live")
    yield Exchange("service.ready", "GET", "/health/ready")
    yield Exchange("models.list", "GET", "/models")
    yield Exchange("models.get", "GET", "/models/facades")
    yield Exchange("models.reload", "POST", "/models/reload")
    yield Exchange("models.choose", "PUT", "/models/facades/default")


def _translations() -> Iterator[Exchange]:
    photo, label = sample("facades/two-floors.webp"), sample("facades/three-floors.webp")
    cb, cd = sample("mnist-cdcb/4-cb.webp"), sample("mnist-cdcb/7-cd.webp")
    yield _translate("facades", photo, samples=3, seed=7)
    yield _translate("facades", photo, style="mean")
    yield _translate("facades", photo, accept="image/png", seed=1)
    yield _translate("facades", photo, accept="image/webp", seed=1)
    yield _translate("facades", photo, accept="image/jpeg", seed=1)
    yield _translate("mnist-cdcb", cd, source="cd", references=[cb])
    two = [cd, sample("mnist-cdcb/2-cd.webp")]
    yield _translate("mnist-cdcb", cb, source="cb", references=two, mix=0.25)
    yield _translate("facades", photo, source="nowhere")
    yield _translate("sketchy", photo)
    yield _analogy(cd, sample("mnist-cdcb/9-cd.webp"), {"model": "mnist-cdcb", "source": "cd"})
    yield _analogy(photo, label, {"model": "facades"}, accept="image/png")


def _embeddings() -> Iterator[Exchange]:
    facade, digit = sample("facades/two-floors.webp"), sample("mnist-cdcb/7-cd.webp")
    for model, source, image in (
        ("facades", "photo", facade),
        ("facades", "label", facade),
        ("mnist-cdcb", "cd", digit),
        ("sketchy", "sketch", umbrella()),
    ):
        for kind in ("shared", "exclusive", "search"):
            yield _embed(image, {"model": model, "source": source, "kind": kind})
    yield _embed(blank_sketch(), {"model": "sketchy", "source": "sketch"})
    yield Exchange("images.preview", "POST", "/preview", [("image", facade)])


def _galleries() -> Iterator[Exchange]:
    things, path = coloured_shapes(), "/galleries/things/photos"
    for _ in range(2):  # the second is a conflict
        yield _create_gallery({"name": "things", "model": "sketchy"})
    yield _create_gallery({"name": "labels", "model": "facades", "domain": "label"})
    # One photo a request: the last bits of an embedding depend on what else is in its batch.
    for thing in things:
        data = {"label": "a thing", "metadata": '{"sku": 12}'}
        yield Exchange("photos.add", "POST", path, [("image", thing)], data)
    yield Exchange(
        "photos.add", "POST", path, [("image", image) for image in (things[0], things[1], umbrella())]
    )
    for name in ("three-floors", "two-floors"):
        files = [("image", sample(f"facades/{name}.webp"))]
        yield Exchange("photos.add", "POST", "/galleries/labels/photos", files)
    yield Exchange("galleries.get", "GET", "/galleries/things")
    yield Exchange("galleries.list", "GET", "/galleries")
    yield Exchange("galleries.export", "GET", "/galleries/things/export")
    yield Exchange("photos.list", "GET", f"{path}?limit=3&after=1")
    yield Exchange("photos.get", "GET", f"{path}/2")
    yield Exchange("photos.get", "GET", f"{path}/2?size=thumbnail")
    yield Exchange("photos.similar", "GET", f"{path}/1/similar?k=4")
    vector = {"vector": [(-1) ** number / (1 + number) for number in range(512)], "gallery": "things"}
    yield Exchange("images.search", "POST", "/search/vector", json=vector)
    yield Exchange("photos.similar", "GET", f"{path}/1/similar?k=4&min_score=0.62")


def _searches() -> Iterator[Exchange]:
    things = coloured_shapes()
    house, fish = ("sketch", house_sketch()), ("sketch", fish_sketch())
    yield _search([house])
    yield _search([house], expand="false")
    yield _search([house], min_score=0.7)
    yield _search([house], min_score=1)
    yield _search([house, fish])
    yield _search([house, ("photo", things[2])])
    yield _search([("sketch", umbrella())], k=2)
    yield _retrieve(fish_sketch(), {"gallery": "things", "k": 10})
    yield _retrieve(fish_sketch(), {"gallery": "things", "k": 10, "min_score": 0.58})
    yield _retrieve(things[0], {"gallery": "things", "k": 10, "source": "photo"})
    yield _retrieve(sample("facades/two-floors.webp"), {"gallery": "labels", "k": 2})


def _reindexing() -> Iterator[Exchange]:
    path = "/galleries/things/reindex"
    yield Exchange("reindex.start", "POST", path)
    yield Exchange("reindex.get", "GET", path)
    yield Exchange("reindex.cancel", "DELETE", path)


def _deletions() -> Iterator[Exchange]:
    """Delete a photo and a gallery, then search what is left."""
    edited = {"label": "disc", "metadata": {"shape": "round"}}
    yield Exchange("photos.update", "PATCH", "/galleries/things/photos/1", json=edited)
    yield Exchange("galleries.choose", "PUT", "/galleries/things/default")
    yield Exchange("photos.labels", "GET", "/galleries/things/labels")
    yield Exchange("photos.delete", "DELETE", "/galleries/things/photos/1")
    yield Exchange("photos.get", "GET", "/galleries/things/photos/1")
    yield Exchange("photos.purge", "DELETE", "/galleries/things/photos?id=2&id=99")
    yield Exchange("galleries.delete", "DELETE", "/galleries/labels")
    yield _search([("sketch", house_sketch())])
    yield Exchange("service.metrics", "GET", "/metrics")


def _translate(
    model: str,
    image: Upload,
    *,
    references: Sequence[Upload] = (),
    accept: str = "application/json",
    **data: Value,
) -> Exchange:
    files = [("image", image), *(("reference", reference) for reference in references)]
    return Exchange("images.translate", "POST", "/translate", files, {"model": model} | data, accept=accept)


def _analogy(
    image: Upload, reference: Upload, data: Mapping[str, Value], accept: str | None = None
) -> Exchange:
    files = [("image", image), ("reference", reference)]
    return Exchange("images.analogy", "POST", "/analogy", files, data, accept=accept)


def _embed(image: Upload, data: Mapping[str, Value]) -> Exchange:
    return Exchange("images.embed", "POST", "/embed", [("image", image)], data)


def _create_gallery(body: Mapping[str, str]) -> Exchange:
    return Exchange("galleries.create", "POST", "/galleries", json=body)


def _search(files: Files, **data: Value) -> Exchange:
    return Exchange("sbir.search", "POST", "/sbir/search", files, {"gallery": "things", "k": 10, **data})


def _retrieve(image: Upload, data: Mapping[str, Value]) -> Exchange:
    return Exchange("images.retrieve", "POST", "/retrieve", [("image", image)], data)
