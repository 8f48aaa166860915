"""The processor time that requests cost a running service, and the requests per second that one core answers.

    python -m benchmarks.http_requests --url http://127.0.0.1:8000 [--gallery things] [--clients 8]
        [--seconds 10] [--key KEY]

Each client sends the next request after each answer. `per core second` divides the requests by the processor
time of the service's process (`process_cpu_seconds_total`), so other load on the machine hardly changes it.
The other columns depend on that load. New pictures are all different. A repeated picture comes from the
embedding cache.
"""

import argparse
import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

SAMPLES = Path(str(files("service"))) / "web" / "samples"
SKETCH = Path(__file__).parents[1] / "docs" / "umbrella.png"


@dataclass(frozen=True)
class Request:
    """One kind of request: its name, its path, its form and its pictures."""

    name: str
    path: str
    field: str
    data: dict[str, str]
    pictures: Iterator[bytes]


@dataclass(frozen=True)
class RequestMetrics:
    per_second: float
    per_core_second: float
    median_ms: float
    statuses: set[int]


def variants(path: Path) -> Iterator[bytes]:
    """Yield the picture endlessly, each time with a different first pixel."""
    image = Image.open(path).convert("RGB")
    for number in itertools.count():
        image.putpixel((0, 0), (number % 251, number // 251 % 251, 255 - number // 63_001))
        out = BytesIO()
        image.save(out, "PNG", compress_level=1)
        yield out.getvalue()


def kinds(gallery: str) -> list[Request]:
    building, digit = SAMPLES / "facades" / "two-floors.webp", SAMPLES / "mnist-cdcb" / "7-cd.webp"
    search = {"gallery": gallery, "k": "20"}
    return [
        Request("sketch search, new drawings", "/sbir/search", "sketch", search, variants(SKETCH)),
        Request(
            "sketch search, the same drawing",
            "/sbir/search",
            "sketch",
            search,
            itertools.repeat(SKETCH.read_bytes()),
        ),
        Request(
            "translate 128×128, new pictures", "/translate", "image", {"model": "facades"}, variants(building)
        ),
        Request(
            "translate 64×64, new pictures", "/translate", "image", {"model": "mnist-cdcb"}, variants(digit)
        ),
        Request(
            "translate 64×64, the same picture",
            "/translate",
            "image",
            {"model": "mnist-cdcb"},
            itertools.repeat(digit.read_bytes()),
        ),
    ]


async def processor_seconds(client: httpx.AsyncClient) -> float:
    """Return the processor time of the service's process since its start."""
    text = (await client.get("/metrics")).raise_for_status().text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return next(sample.value for sample in samples if sample.name == "process_cpu_seconds_total")


async def measure(
    client: httpx.AsyncClient, request: Request, clients: int, seconds: float
) -> RequestMetrics:
    times: list[float] = []
    statuses: set[int] = set()

    async def ask(until: Callable[[], bool]) -> None:
        while not until():
            started = time.perf_counter()
            answer = await client.post(
                request.path, files={request.field: next(request.pictures)}, data=request.data
            )
            times.append(time.perf_counter() - started)
            statuses.add(answer.status_code)

    await ask(lambda: len(times) > 2)
    times.clear()
    before, started = await processor_seconds(client), time.perf_counter()
    await asyncio.gather(*(ask(lambda: time.perf_counter() - started > seconds) for _ in range(clients)))
    elapsed, processor = time.perf_counter() - started, await processor_seconds(client) - before
    return RequestMetrics(
        len(times) / elapsed, len(times) / processor, 1000 * statistics.median(times), statuses
    )


async def run(arguments: argparse.Namespace) -> Table:
    table = Table(title=f"{arguments.clients} clients, {arguments.seconds:g} s each")
    for column in ("request", "per core second", "per second", "median ms", "statuses"):
        table.add_column(column, justify="left" if column == "request" else "right")
    headers = {"X-API-Key": arguments.key} if arguments.key else {}
    async with httpx.AsyncClient(base_url=arguments.url, timeout=None, headers=headers) as client:
        for request in kinds(arguments.gallery):
            metrics = await measure(client, request, arguments.clients, arguments.seconds)
            statuses = " ".join(map(str, sorted(metrics.statuses)))
            table.add_row(
                request.name,
                f"{metrics.per_core_second:.0f}",
                f"{metrics.per_second:.0f}",
                f"{metrics.median_ms:.0f}",
                statuses,
            )
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--gallery", default="things")
    parser.add_argument("--key", default="", help="API key, if the service has keys")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    Console(width=140).print(asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
