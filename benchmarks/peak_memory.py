"""Throw the worst legal requests at a real server, and compare its peak memory with the promise.

python -m benchmarks.peak_memory [--requests 20] [--side 6320] [--scenarios blank-webp ...]

The promise is the formula of docs/scale.md, Peak memory. Small files with huge pictures are the worst
requests: a blank WebP of 40 megapixels has less than 100 bytes. The table names the server's resident memory
before the requests, its peak, and its memory some seconds after the last answer.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import pillow_heif
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch, publish_tiny
from model.images.formats import MAX_PIXELS
from model.images.peak import LARGEST

MB = 1_000_000
DECODED_MB, HELD_MB, FREED_MB = 512, 256, 256
"""IIAE_DECODED_MB and IIAE_HELD_MB by default, and `service.inference.freed_memory.KEPT`."""
PIXEL_BYTES = LARGEST
"""Bytes of a pixel while it is decoded, at most."""
BATCH_MB = 150
"""A forward pass of the tiny models, the pixels of all waiting items, and answers that are being built."""
DEADLINE = 300
"""Seconds that a request has. Requests that the server drops take no memory."""
REST_SECONDS = 3.0

Picture = Callable[[int], bytes]
Post = Callable[[httpx.AsyncClient, int], Coroutine[None, None, httpx.Response]]


@dataclass(frozen=True)
class Scenario:
    """Requests of one kind. `post` sends the request with a number."""

    name: str
    post: Post


@dataclass(frozen=True)
class Measurement:
    """Resident memory in MB, and the number of answers by status."""

    before: float
    peak: float
    after: float
    seconds: float
    statuses: Counter[int]


def promise(base_mb: float, decoded_mb: float = DECODED_MB, held_mb: float = HELD_MB) -> float:
    """Return the largest resident memory in MB under any load: docs/scale.md, Peak memory."""
    largest = max(decoded_mb, PIXEL_BYTES * MAX_PIXELS / MB)
    return base_mb + largest + FREED_MB + 2 * held_mb + BATCH_MB


def blank(side: int, kind: str, mode: str, **options: int | str) -> Picture:
    """Return a function that makes blank files. Each number gives another file."""

    def make(number: int) -> bytes:
        # a few pixels differ, so no two files have one digest and no cache has their embeddings
        image = Image.new(mode, (side, side - number % 50))
        out = BytesIO()
        if kind == "HEIF":
            pillow_heif.from_pillow(image).save(out, **options)
        else:
            image.save(out, kind, **options)
        return out.getvalue()

    return make


def pictures(side: int) -> dict[str, Picture]:
    """Return makers of hostile files by name."""
    return {
        "blank-webp": blank(side, "WEBP", "RGB", lossless=True, method=0),
        "webp-alpha": blank(side, "WEBP", "RGBA", lossless=True, method=0),
        "png-1-bit": blank(side, "PNG", "1"),
        "png-palette": blank(side, "PNG", "P", transparency=0),
        "png-16-bit": blank(side, "PNG", "I;16"),
        "png-rgba": blank(side, "PNG", "RGBA"),
        "gif": blank(side, "GIF", "P"),
        "bmp": blank(side, "BMP", "1"),
        "jpeg": blank(side, "JPEG", "RGB"),
        "jpeg-progressive": blank(side, "JPEG", "RGB", progressive=True, subsampling=0),
        "jpeg-cmyk": blank(side, "JPEG", "CMYK", progressive=True),
        "tiff": blank(side, "TIFF", "CMYK", compression="tiff_adobe_deflate", strip_size=1 << 30),
        "heif": blank(side, "HEIF", "RGB", quality=50, chroma=444),
        "heif-alpha": blank(side, "HEIF", "RGBA", quality=50, chroma=444),
        "avif": blank(side, "AVIF", "RGB", speed=10, subsampling="4:4:4"),
        "avif-alpha": blank(side, "AVIF", "RGBA", speed=10, subsampling="4:4:4"),
    }


def requests(side: int) -> Iterator[Scenario]:
    """Yield searches with nine pictures of each kind, and the largest requests of other operations."""
    makers = pictures(side)
    for name, make in makers.items():
        yield Scenario(name, search(make))
    webp, rgba = makers["blank-webp"], makers["png-rgba"]
    yield Scenario("64-photos", _add(webp, 64))
    yield Scenario("16-samples", _translate(webp))
    yield Scenario("analogy", _analogy(rgba))


def search(make: Picture) -> Post:
    def post(client: httpx.AsyncClient, number: int) -> Coroutine[None, None, httpx.Response]:
        files = [("sketch", make(9 * number + each)) for each in range(8)]
        files.append(("photo", make(9 * number + 8)))
        return client.post("/sbir/search", files=files, data={"gallery": "peak"})

    return post


def _add(make: Picture, photos: int) -> Post:
    def post(client: httpx.AsyncClient, number: int) -> Coroutine[None, None, httpx.Response]:
        files = [("image", make(photos * number + each)) for each in range(photos)]
        return client.post("/galleries/peak/photos", files=files)

    return post


def _translate(make: Picture) -> Post:
    return lambda client, number: client.post(
        "/translate", files={"image": make(number)}, data={"model": "tiny", "samples": "16"}
    )


def _analogy(make: Picture) -> Post:
    return lambda client, number: client.post(
        "/analogy",
        files={"image": make(2 * number), "reference": make(2 * number + 1)},
        data={"model": "tiny"},
    )


def resident(pid: int, which: str = "VmRSS") -> float:
    """Return a process's resident memory, or its peak (`VmHWM`), in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / MB for line in lines if line.startswith(which))


def measure(server: Server, scenario: Scenario, number: int) -> Measurement:
    """Send requests at the same time, and return the server's memory."""
    pid = server.process.pid
    before = resident(pid)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak starts again

    async def send() -> Counter[int]:
        async with httpx.AsyncClient(
            base_url=server.url, timeout=2 * DEADLINE, limits=httpx.Limits()
        ) as client:
            answers = await asyncio.gather(*(scenario.post(client, each) for each in range(number)))
        return Counter(answer.status_code for answer in answers)

    started = time.perf_counter()
    statuses = asyncio.run(send())
    seconds = time.perf_counter() - started
    time.sleep(REST_SECONDS)
    return Measurement(before, resident(pid, "VmHWM"), resident(pid), seconds, statuses)


def started(home: Path) -> Server:
    """Start a server with tiny models, a gallery `peak`, and a long deadline."""
    publish_tiny(home)
    publish_sketch(home, "strokes", drawings=True)
    server = Server(
        home, IIAE_THREADS="1", IIAE_DEADLINE_SECONDS=str(DEADLINE), IIAE_CHANGE_SECONDS=str(DEADLINE)
    ).ready()
    server.client.post("/galleries", json={"name": "peak", "model": "strokes", "domain": "photo"})
    return server


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=20, help="requests of a scenario, at the same time")
    parser.add_argument("--side", type=int, default=6320, help="width of the pictures, in pixels")
    parser.add_argument("--scenarios", nargs="*", help="names of scenarios; all if omitted")
    options = parser.parse_args(arguments)
    table = Table("scenario", "statuses", "seconds", "before", "peak, MB", "promise, MB", "after", "verdict")
    with tempfile.TemporaryDirectory() as home, started(Path(home)) as server:
        base = resident(server.process.pid)
        limit = promise(base)
        for scenario in requests(options.side):
            if options.scenarios and scenario.name not in options.scenarios:
                continue
            result = measure(server, scenario, options.requests)
            statuses = " ".join(f"{amount}x{status}" for status, amount in sorted(result.statuses.items()))
            numbers = (result.before, result.peak, limit, result.after)
            before, peak, promised, after = (f"{number:.0f}" for number in numbers)
            verdict = "holds" if result.peak <= limit else "FAILS"
            table.add_row(
                scenario.name, statuses, f"{result.seconds:.0f}", before, peak, promised, after, verdict
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
