"""Record the answers of a checkout's service: `python tests/answers/recording.py [CHECKOUT]`.

The default is this checkout.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
from digests import Answer, answer_of
from exchanges import Exchange, exchanges
from sample_pictures import ROOT

from benchmarks.shared.server_process import free_port

RECORDED = Path(__file__).with_name("recorded.json")
LIBRARIES = ("torch", "numpy", "pillow", "scipy", "faiss-cpu")
START_SECONDS = 60
REINDEX_SECONDS = 30


def machine() -> dict[str, str]:
    """Return the things that decide the last bits of an answer: the processor and the numerical libraries."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else [platform.processor()]
    features = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    digest = hashlib.sha256("\n".join(features).encode()).hexdigest()
    return {"cpu": digest} | {name: version(name) for name in LIBRARIES}


def record(checkout: Path) -> list[Answer]:
    """Start a checkout's service with one thread and an empty home, and return its answers."""
    with _service(checkout) as url, httpx.Client(base_url=url, timeout=60) as client:
        _wait_until_ready(client)
        return [_answer(client, exchange) for exchange in exchanges()]


@contextmanager
def _service(checkout: Path) -> Iterator[str]:
    """Run the service of a checkout and yield its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home, (Path(home) / "log").open("w") as log:
        settings = {
            "IIAE_HOME": home,
            "IIAE_PORT": str(port),
            "IIAE_DEVICE": "cpu",
            "IIAE_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(checkout),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"],
            cwd=checkout,
            env=os.environ | settings,
            stdout=log,
            stderr=log,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _answer(client: httpx.Client, exchange: Exchange) -> Answer:
    if exchange.operation == "reindex.get":
        _wait_for_reindex(client, exchange.path)
    return {"operation": exchange.operation} | answer_of(exchange.send(client))


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the service was not ready after {START_SECONDS} s")


def _wait_for_reindex(client: httpx.Client, path: str) -> None:
    deadline = time.monotonic() + REINDEX_SECONDS
    while client.get(path).json()["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    checkout = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    RECORDED.write_text(json.dumps({"machine": machine(), "answers": record(checkout)}, indent=1) + "\n")
