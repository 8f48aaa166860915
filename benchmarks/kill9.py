"""Kill the service with SIGKILL while photos are added, many times, and count the photos that are lost.

python -m benchmarks.kill9 [--kills 20]
"""

import argparse
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import torch
from PIL import Image

from model import checkpoint
from model.iiae import IIAE
from model.presets import PRESETS


def png(seed: int) -> bytes:
    out = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(
        out, "PNG"
    )
    return out.getvalue()


def start(home: Path) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"IIAE_HOME": str(home), "IIAE_PORT": str(port), "OMP_NUM_THREADS": "1", "PATH": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve"], env=environment, stderr=subprocess.DEVNULL
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    for _ in range(600):
        try:
            if client.get("/health/ready").status_code == 200:
                return process, client
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server did not become ready")


def add_until_killed(client: httpx.Client, numbers: count, acknowledged: dict[int, int]) -> None:  # type: ignore[type-arg]  # of ints
    try:
        while True:
            number = next(numbers)
            answer = client.post("/galleries/g/photos", files={"image": png(number)})
            if answer.status_code == 201:
                acknowledged[answer.json()["photos"][0]["id"]] = number
    except (httpx.TransportError, RuntimeError):
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    started, rng = time.monotonic(), random.Random(arguments.seed)
    home = Path(tempfile.mkdtemp())
    torch.manual_seed(0)
    tiny = IIAE(replace(PRESETS["facades"], image_size=32, width=0.125))
    checkpoint.publish(
        home / "checkpoints",
        "tiny",
        tiny,
        trained_on="nothing",
        terms="none",
        command="none",
        seed=0,
        data_fingerprint="0",
    )
    numbers, acknowledged = count(), dict[int, int]()
    for kill in range(arguments.kills):
        process, client = start(home)
        if kill == 0:
            client.post("/galleries", json={"name": "g", "model": "tiny"}).raise_for_status()
        adders = [
            threading.Thread(target=add_until_killed, args=(client, numbers, acknowledged)) for _ in range(2)
        ]
        for adder in adders:
            adder.start()
        time.sleep(rng.uniform(0.05, 1.0))
        process.send_signal(signal.SIGKILL)
        for adder in adders:
            adder.join()
        process.wait()
        client.close()
    process, client = start(home)
    changed = sum(
        client.get(f"/galleries/g/photos/{photo_id}").content != png(number)
        for photo_id, number in acknowledged.items()
    )
    missed = 0
    for photo_id, number in acknowledged.items():
        answer = client.post(
            "/retrieve", files={"image": png(number)}, data={"gallery": "g", "source": "photo", "k": "1"}
        ).json()
        missed += answer["hits"][0]["id"] != photo_id
    process.terminate()
    process.wait()
    integrity = (
        sqlite3.connect(home / "galleries" / "g" / "gallery.sqlite")
        .execute("PRAGMA integrity_check")
        .fetchone()[0]
    )
    print(
        "| kills | acknowledged | lost or changed | not found at rank 1 | integrity check | seconds |\n"
        "|---|---|---|---|---|---|"
    )
    print(
        f"| {arguments.kills} | {len(acknowledged)} | {changed} | {missed} | {integrity}"
        f" | {time.monotonic() - started:.0f} |"
    )


if __name__ == "__main__":
    main()
