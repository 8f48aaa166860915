"""After a request, no picture and no upload of it is in memory, even without the garbage collector."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from itertools import count
from types import TracebackType

import httpx
import pytest
from PIL import Image, ImageDraw
from serving import png

from service.http.app import create_app
from service.http.middleware import unhandled_errors
from service.images.upload import Upload
from service.settings import Settings

NUMBERS = count()
KEPT = (Image.Image, Upload, BaseException, TracebackType, asyncio.Task)

Send = Callable[[httpx.AsyncClient], Awaitable[int]]


@pytest.fixture(autouse=True)
def collector_is_off():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive() -> Counter[str]:
    return Counter(type(each).__name__ for each in gc.get_objects() if type(each) in KEPT or is_error(each))


def is_error(each: object) -> bool:
    return issubclass(type(each), BaseException | Image.Image)


@asynccontextmanager
async def client(home, **settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(home=home, **settings))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http,
    ):
        while (await http.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.05)
        await http.post("/galleries", json={"name": "freed", "model": "strokes", "domain": "photo"})
        yield http


def blank(side: int = 300) -> bytes:
    number = next(NUMBERS)
    out = BytesIO()
    Image.new("RGB", (side, side), (255, 255 - number // 256, 255 - number % 256)).save(out, "PNG")
    return out.getvalue()


def truncated() -> bytes:
    return png(next(NUMBERS), 100)[:20_000]


def drawing() -> bytes:
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).line([(20, 20 + next(NUMBERS) % 100), (180, 170)], fill=0, width=4)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


async def post(http: httpx.AsyncClient, path: str, files: list, **data: str) -> int:
    return (await http.post(path, files=files, data=data)).status_code


def search(sketch: Callable[[], bytes]) -> Send:
    return lambda http: post(http, "/sbir/search", [("sketch", sketch()) for _ in range(3)], gallery="freed")


def add(photo: Callable[[], bytes]) -> Send:
    files = [(f"{number}.png", photo) for number in range(3)]
    return lambda http: post(
        http, "/galleries/freed/photos", [("image", (name, make())) for name, make in files]
    )


def analogy(image: Callable[[], bytes]) -> Send:
    return lambda http: post(http, "/analogy", [("image", image()), ("reference", image())], model="tiny")


async def translate(http: httpx.AsyncClient) -> int:
    return await post(http, "/translate", [("image", png(next(NUMBERS)))], model="tiny", samples="3")


async def send_too_much(http: httpx.AsyncClient) -> int:
    return await post(http, "/embed", [("image", b"x" * 2_000_000)], model="tiny")


async def disconnect(http: httpx.AsyncClient) -> int:
    request = asyncio.create_task(search(lambda: blank(900))(http))
    await asyncio.sleep(0.05)
    request.cancel()
    await asyncio.wait({request})
    return 0


REQUESTS: dict[str, tuple[Send, int]] = {
    "blank sketches": (search(blank), 422),
    "truncated sketches": (search(truncated), 422),
    "truncated photos": (add(truncated), 422),
    "a truncated image and reference": (analogy(truncated), 422),
    "too large": (send_too_much, 413),
    "the client disconnects": (disconnect, 0),
    "a search": (search(drawing), 200),
    "photos": (add(lambda: png(next(NUMBERS))), 201),
    "an analogy": (analogy(lambda: png(next(NUMBERS))), 200),
    "a translation": (translate, 200),
}


async def kept_after(http: httpx.AsyncClient, send: Send, *expected: int) -> Counter[str]:
    await asyncio.gather(*(send(http) for _ in range(2)))  # fills caches, starts threads
    await asyncio.sleep(0.2)
    gc.collect()
    before = alive()
    statuses = await asyncio.gather(*(send(http) for _ in range(3)))
    assert set(statuses) <= set(expected)
    kept = alive() - before
    for _ in range(50):  # cancelled work ends a little later
        if not kept:
            break
        await asyncio.sleep(0.1)
        kept = alive() - before
    return kept


def test_nothing_of_a_request_is_kept(home):
    async def check() -> dict[str, Counter[str]]:
        async with client(home, max_upload_mb=1, held_mb=10) as http:
            return {name: await kept_after(http, *request) for name, request in REQUESTS.items()}

    kept = asyncio.run(check())
    assert {name: dict(kinds) for name, kinds in kept.items() if kinds} == {}


def test_nothing_of_a_failed_forward_pass_is_kept(home, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    async def check() -> Counter[str]:
        async with client(home) as http:
            monkeypatch.setattr("model.iiae_inference.IIAEInference.search_codes", fail)
            monkeypatch.setattr(unhandled_errors.logger, "disabled", True)  # pytest keeps what is logged
            return await kept_after(http, search(drawing), 500)

    assert asyncio.run(check()) == Counter()


def test_nothing_of_a_late_request_is_kept(home, monkeypatch):
    async def check() -> Counter[str]:
        async with client(home, deadline_seconds=0.1) as http:
            return await kept_after(http, search(lambda: blank(4000)), 503, 429)

    assert asyncio.run(check()) == Counter()
