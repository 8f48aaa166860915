"""The requests whose answers are recorded: every operation of the API, on the released models."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "service/web/samples"
TIMES = ("started", "ended")
"""Fields that differ in every run."""

Answer = dict[str, object]


@dataclass(frozen=True)
class Exchange:
    """One request. `operation` is its id in the OpenAPI document."""

    operation: str
    method: str
    path: str
    options: dict[str, object] = field(default_factory=dict)

    def send(self, client: httpx.Client) -> httpx.Response:
        return client.request(self.method, self.path, **self.options)


def exchanges() -> Iterator[Exchange]:
    """All of them, in the order in which they are sent to an empty service."""
    photo, label = file("facades/two-floors.webp"), file("facades/three-floors.webp")
    ground, ink = file("mnist-cdcb/4-cb.webp"), file("mnist-cdcb/7-cd.webp")
    umbrella = ("umbrella.png", (ROOT / "docs/umbrella.png").read_bytes(), "image/png")
    house, fish = ("house.png", png(draw_house())), ("fish.png", png(draw_fish()))

    def translate(
        model: str,
        image: object,
        accept: str = "application/json",
        references: tuple[object, ...] = (),
        **data: object,
    ) -> Exchange:
        files = [("image", image), *(("reference", each) for each in references)]
        return Exchange(
            "images.translate",
            "POST",
            "/translate",
            {"files": files, "data": {"model": model, **data}, "headers": {"Accept": accept}},
        )

    yield Exchange("service.live", "GET", "/health/live")
    yield Exchange("service.ready", "GET", "/health/ready")
    yield Exchange("models.list", "GET", "/models")
    yield Exchange("models.get", "GET", "/models/facades")
    yield Exchange("models.reload", "POST", "/models/reload")
    yield translate("facades", photo, samples=3, seed=7)
    yield translate("facades", photo, style="mean")
    yield translate("facades", photo, accept="image/png", seed=1)
    yield translate("facades", photo, accept="image/webp", seed=1)
    yield translate("facades", photo, accept="image/jpeg", seed=1)
    yield translate("mnist-cdcb", ink, source="cd", references=(ground,))
    yield translate(
        "mnist-cdcb", ground, source="cb", references=(ink, file("mnist-cdcb/2-cd.webp")), mix=0.25
    )
    yield translate("facades", photo, source="nowhere")
    yield translate("sketchy", photo)
    analogy = {
        "files": {"image": ink, "reference": file("mnist-cdcb/9-cd.webp")},
        "data": {"model": "mnist-cdcb", "source": "cd"},
    }
    yield Exchange("images.analogy", "POST", "/analogy", analogy)
    analogy = {
        "files": {"image": photo, "reference": label},
        "data": {"model": "facades"},
        "headers": {"Accept": "image/png"},
    }
    yield Exchange("images.analogy", "POST", "/analogy", analogy)
    for model, image, source in (
        ("facades", photo, "photo"),
        ("facades", photo, "label"),
        ("mnist-cdcb", ink, "cd"),
        ("sketchy", umbrella, "sketch"),
    ):
        for kind in ("shared", "exclusive"):
            yield Exchange(
                "images.embed",
                "POST",
                "/embed",
                {"files": {"image": image}, "data": {"model": model, "source": source, "kind": kind}},
            )
    yield Exchange(
        "images.embed",
        "POST",
        "/embed",
        {
            "files": {"image": ("blank.png", png(Image.new("RGB", (64, 64), "white")))},
            "data": {"model": "sketchy", "source": "sketch"},
        },
    )
    yield Exchange("galleries.create", "POST", "/galleries", {"json": {"name": "things", "model": "sketchy"}})
    yield Exchange("galleries.create", "POST", "/galleries", {"json": {"name": "things", "model": "sketchy"}})
    yield Exchange(
        "galleries.create",
        "POST",
        "/galleries",
        {"json": {"name": "labels", "model": "facades", "domain": "label"}},
    )
    things = [
        ("image", (f"{name}.png", png(coloured(shape, seed))))
        for seed, (name, shape) in enumerate(SHAPES.items())
    ]
    for thing in things:  # one at a time: the last bits of a code depend on what else is in its batch
        yield Exchange(
            "photos.add",
            "POST",
            "/galleries/things/photos",
            {"files": [thing], "data": {"label": "a thing", "metadata": '{"sku": 12}'}},
        )
    yield Exchange(
        "photos.add", "POST", "/galleries/things/photos", {"files": [*things[:2], ("image", umbrella)]}
    )
    for each in (label, photo):
        yield Exchange("photos.add", "POST", "/galleries/labels/photos", {"files": {"image": each}})
    yield Exchange("galleries.get", "GET", "/galleries/things")
    yield Exchange("galleries.list", "GET", "/galleries")
    yield Exchange("photos.list", "GET", "/galleries/things/photos?limit=3&after=1")
    yield Exchange("photos.get", "GET", "/galleries/things/photos/2")
    yield Exchange("photos.get", "GET", "/galleries/things/photos/2?size=thumbnail")
    yield Exchange("photos.similar", "GET", "/galleries/things/photos/1/similar?k=4")
    search = {"gallery": "things", "k": "10"}
    for files, data in (
        ([("sketch", house)], {}),
        ([("sketch", house)], {"expand": "false"}),
        ([("sketch", house), ("sketch", fish)], {}),
        ([("sketch", house), ("photo", things[2][1])], {}),
        ([("sketch", umbrella)], {"k": "2"}),
    ):
        yield Exchange("sbir.search", "POST", "/sbir/search", {"files": files, "data": search | data})
    yield Exchange("images.retrieve", "POST", "/retrieve", {"files": {"image": fish}, "data": search})
    yield Exchange(
        "images.retrieve",
        "POST",
        "/retrieve",
        {"files": {"image": things[0][1]}, "data": search | {"source": "photo"}},
    )
    yield Exchange(
        "images.retrieve",
        "POST",
        "/retrieve",
        {"files": {"image": photo}, "data": {"gallery": "labels", "k": "2"}},
    )
    yield Exchange("reindex.start", "POST", "/galleries/things/reindex")
    yield Exchange("reindex.get", "GET", "/galleries/things/reindex")
    yield Exchange("reindex.cancel", "DELETE", "/galleries/things/reindex")
    yield Exchange("photos.delete", "DELETE", "/galleries/things/photos/1")
    yield Exchange("photos.get", "GET", "/galleries/things/photos/1")
    yield Exchange("galleries.delete", "DELETE", "/galleries/labels")
    yield Exchange("sbir.search", "POST", "/sbir/search", {"files": [("sketch", house)], "data": search})
    yield Exchange("service.metrics", "GET", "/metrics")


def answer_of(response: httpx.Response) -> Answer:
    """What of an answer must stay the same. Wording may change; times and ids of requests do."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    answer: Answer = {"status": response.status_code, "content_type": kind}
    if kind == "application/problem+json":
        problem = response.json()
        return answer | {"code": problem["code"], "fields": sorted(problem)}
    if kind == "application/json" and response.content:
        return answer | {"body": _without_times(response.json())}
    if kind.startswith("image/"):
        return answer | {
            "image": picture(response.content),
            "headers": {
                name: response.headers[name] for name in ("etag", "x-seed") if name in response.headers
            },
        }
    if kind == "text/plain":
        return answer | {
            "metrics": sorted(
                {line.split()[2] for line in response.text.splitlines() if line.startswith("# TYPE iiae")}
            )
        }
    return answer


def _without_times(body: object) -> object:
    """A JSON value with pictures and long codes as digests, and without times."""
    if isinstance(body, dict):
        if "data" in body and "content_type" in body:
            return {**body, "data": picture(base64.b64decode(body["data"]))}
        return {
            key: None if key in TIMES else code(value) if key == "values" else _without_times(value)
            for key, value in body.items()
        }
    return [_without_times(value) for value in body] if isinstance(body, list) else body


def picture(data: bytes) -> Answer:
    """A picture: the digest of its pixels, and their mean in each of 8 x 8 fields for machines that compute otherwise."""
    opened = Image.open(BytesIO(data)).convert("RGB")
    small = np.asarray(opened.resize((8, 8), Image.Resampling.BOX))
    return {
        "size": list(opened.size),
        "sha256": hashlib.sha256(opened.tobytes()).hexdigest(),
        "fields": small.ravel().tolist(),
    }


def code(values: list[float]) -> Answer:
    """A code: the digest of all its values, and the first of them for machines that compute otherwise."""
    return {
        "count": len(values),
        "sha256": hashlib.sha256(json.dumps(values).encode()).hexdigest(),
        "first": values[:24],
    }


def file(name: str) -> tuple[str, bytes, str]:
    return Path(name).name, (SAMPLES / name).read_bytes(), "image/webp"


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def draw_house() -> Image.Image:
    return _lines(
        [
            [(50, 120), (50, 220), (206, 220), (206, 120), (50, 120), (128, 50), (206, 120)],
            [(110, 220), (110, 160), (146, 160), (146, 220)],
        ]
    )


def draw_fish() -> Image.Image:
    return _lines(
        [
            [(30, 128), (80, 80), (150, 80), (200, 128), (150, 176), (80, 176), (30, 128)],
            [(200, 128), (240, 90), (240, 166), (200, 128)],
            [(66, 118), (70, 122)],
        ]
    )


def _lines(strokes: list[list[tuple[int, int]]]) -> Image.Image:
    paper = Image.new("RGB", (256, 256), "white")
    for stroke in strokes:
        ImageDraw.Draw(paper).line(stroke, fill="black", width=4)
    return paper


Shape = Callable[[ImageDraw.ImageDraw, tuple[int, int, int]], None]
SHAPES: dict[str, Shape] = {
    "disc": lambda pen, fill: pen.ellipse((40, 40, 216, 216), fill=fill),
    "square": lambda pen, fill: pen.rectangle((50, 50, 206, 206), fill=fill),
    "house": lambda pen, fill: pen.polygon(
        [(50, 120), (128, 50), (206, 120), (206, 220), (50, 220)], fill=fill
    ),
    "fish": lambda pen, fill: pen.polygon(
        [
            (30, 128),
            (80, 80),
            (150, 80),
            (200, 128),
            (240, 90),
            (240, 166),
            (200, 128),
            (150, 176),
            (80, 176),
        ],
        fill=fill,
    ),
    "bar": lambda pen, fill: pen.rectangle((20, 110, 236, 146), fill=fill),
    "triangle": lambda pen, fill: pen.polygon([(128, 40), (220, 210), (36, 210)], fill=fill),
}


def coloured(shape: Shape, seed: int) -> Image.Image:
    """A shape of one colour on a ground of soft noise."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(150, 256, (256, 256, 3), dtype=np.uint8))
    shape(ImageDraw.Draw(ground), tuple(int(level) for level in rng.integers(0, 140, 3)))
    return ground
