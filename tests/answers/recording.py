"""Records the answers: `python tests/answers/recording.py [CHECKOUT]` asks the service of a checkout, this one by default."""

import hashlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import httpx
from exchanges import ROOT, Answer, answer_of, exchanges

RECORDED = Path(__file__).with_name("recorded.json")
LIBRARIES = ("torch", "numpy", "pillow", "scipy", "faiss-cpu")
REINDEX_SECONDS = 30


def machine() -> dict[str, str]:
    """What decides the last bits of an answer: the processor's instructions and the libraries that compute."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else [platform.processor()]
    told = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    return {"cpu": hashlib.sha256("\n".join(told).encode()).hexdigest()} | {
        name: version(name) for name in LIBRARIES
    }


def ask(checkout: Path) -> list[Answer]:
    """The answers of a checkout's service, started for this with one thread and an empty home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "IIAE_HOME": home,
            "IIAE_PORT": str(port),
            "IIAE_DEVICE": "cpu",
            "IIAE_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(checkout),
        }
        with (Path(home) / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve"],
                cwd=checkout,
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_until_ready(client)
                return [_answer(client, each) for each in exchanges()]
        finally:
            process.terminate()
            process.wait(30)


def _answer(client: httpx.Client, exchange) -> Answer:
    if exchange.operation == "reindex.get":
        _wait_for_reindex(client, exchange.path)
    return {"operation": exchange.operation, **answer_of(exchange.send(client))}


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the service did not become ready")


def _wait_for_reindex(client: httpx.Client, path: str) -> None:
    until = time.monotonic() + REINDEX_SECONDS
    while client.get(path).json()["state"] == "running" and time.monotonic() < until:
        time.sleep(0.1)


if __name__ == "__main__":
    checkout = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    RECORDED.write_text(json.dumps({"machine": machine(), "answers": ask(checkout)}, indent=1) + "\n")
