"""Shared by the page's tests: the service in a thread, small untrained models, pictures, and drawing."""

import dataclasses
import threading
import time
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import torch
import uvicorn
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route

from model.checkpoint import publish
from model.iiae import IIAE
from model.presets import PRESETS, Preset, SketchInput
from model.sketch.backbone.backbone import Backbone
from service.http.app import create_app
from service.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IMAGES = dataclasses.replace(PRESETS["mnist-cdcb"], image_size=32, width=0.125)
SKETCHES = dataclasses.replace(
    PRESETS["sketchy-printed"],
    image_size=32,
    zs_size=8,
    zx_size=4,
    sketch=SketchInput(drawings=False),
)  # no normalisation of drawings, because the tests upload noise as sketches
PHOTOS = 6
KEY = "reader-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"
MODES = ("sketch", "translate", "analogy")
RECORD_FORMS = """() => {
    const send = window.fetch;
    window.sent = [];
    window.fetch = (path, options) => {
        const form = options?.body;
        const isForm = form instanceof FormData;
        if (isForm) sent.push({path: `/${path}`, fields: [...form.keys()], expand: form.get("expand")});
        return send(path, options);
    };
}"""
"""Script that makes the page record the forms that it sends, in `sent`."""


def png(seed: int, size: int = 48) -> bytes:
    file = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)).save(
        file, "PNG"
    )
    return file.getvalue()


def upload(seed: int) -> FilePayload:
    return {"name": f"{seed}.png", "mimeType": "image/png", "buffer": png(seed)}


def add_model(folder: Path, name: str, preset: Preset) -> None:
    torch.manual_seed(0)
    iiae = IIAE(preset)
    for parameter in iiae.parameters():  # larger weights make the styles visibly different
        parameter.data.mul_(4)
    backbone = (
        None
        if preset.sketch is None
        else Backbone(preset.sketch.backbone, preset.sketch.feature_size, classified=preset.sketch.classified)
    )
    publish(
        folder,
        name,
        iiae,
        backbone,
        trained_on="nothing",
        terms="none",
        command="none",
        seed=0,
        data_fingerprint="0",
    )


class Served:
    """The service in a thread of this process, on a free port unless one is given."""

    def __init__(self, settings: Settings, port: int = 0) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(settings), port=port, log_level="warning", lifespan="on")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self, *, ready: bool = True) -> str:
        """Return the address once the service answers; with `ready`, once it has loaded the models."""
        path = "/health/ready" if ready else "/models"
        self._thread.start()
        deadline = time.monotonic() + 60
        while not (self._server.started and httpx.get(f"{self.address}{path}").is_success):
            assert self._thread.is_alive(), "the server stopped during its start"
            assert time.monotonic() < deadline, "the server did not start within a minute"
            time.sleep(0.02)
        return self.address

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


def draw(page: Page, *corners: tuple[float, float], lift: bool = True) -> None:
    """Draw one stroke with the mouse. Corners are fractions of the paper; `lift` releases the button."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    if lift:
        page.mouse.up()


def ink(page: Page) -> int:
    """Return the number of dark pixels on the paper."""
    script = """() => { const canvas = document.getElementById("canvas");
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let dark = 0; for (let i = 0; i < data.length; i += 4) dark += data[i] < 128; return dark; }"""
    return int(page.evaluate(script))


def hits(*ids: int) -> dict[str, object]:
    """Return an answer of `POST /sbir/search` with these photos, which have no grades."""
    return _answer("cosine", [_hit(each, None) for each in ids])


def graded(*grades: str) -> dict[str, object]:
    """Return an answer of `POST /sbir/search` with photos of these grades, whose scores are probabilities."""
    return _answer("probability", [_hit(number, grade) for number, grade in enumerate(grades, 1)])


def _hit(number: int, grade: str | None) -> dict[str, object]:
    return {
        "id": number,
        "score": 1 / number,
        "grade": grade,
        "label": f"hit {number}",
        "url": f"/galleries/things/photos/{number}",
        "metadata": {},
    }


def _answer(scores: str, found: list[dict[str, object]]) -> dict[str, object]:
    return {"gallery": "things", "model": "small-sketches", "scores": scores, "hits": found}


def settled(page: Page) -> list[str]:
    """Wait for the answer to the newest drawing and return the hits' labels."""
    until(page, "!document.getElementById('hits').hasAttribute('aria-busy')")
    return page.locator("#hits .label").all_text_contents()


def until(page: Page, script: str, argument: object = None) -> None:
    """Wait until a script returns a true value.

    `Page.wait_for_function` does not work here, because the content policy forbids eval.
    """
    deadline = time.monotonic() + 15
    while not page.evaluate(script, argument):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(40)


def wait_for_requests(page: Page, held: list[Route], number: int) -> None:
    """Wait until that many requests are held, then give the page time to send more."""
    for _ in range(80):
        if len(held) >= number:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(600)


def files(*seeds: int) -> list[FilePayload]:
    return [upload(seed) for seed in seeds]


def open_new_gallery(page: Page, name: str) -> None:
    """Open the photos panel and enter the name of a new gallery."""
    page.get_by_role("button", name="Add photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill(name)
