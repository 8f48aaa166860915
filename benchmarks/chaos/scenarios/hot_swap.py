"""Checkpoints are published one after another while requests use the model."""

import asyncio
import json
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.connections import Answer, ask_in_turn
from benchmarks.chaos.load.generator import Outcome, closed_loop
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

CLIENTS = 6
PICTURES = 6
CHECKPOINTS = (0, 1)
"""Seeds of the two checkpoints that take turns."""


def run(trial: Trial) -> list[Row]:
    """Record the right answers of two checkpoints, then swap them under load and compare each answer."""
    home = trial.home()
    publish_tiny(home)
    # without a memory cache, every request uses the model
    with Server(home, IIAE_CACHE_MB="0", IIAE_STORE_POLL_SECONDS="0.05") as server:
        server.ready()
        right = []
        for seed in CHECKPOINTS:
            wait_for(server, publish_tiny(home, seed=seed))
            answers = asyncio.run(ask_in_turn(server.port, map(request, range(2 * PICTURES))))
            right.append([values(answer) for answer in answers])
        outcomes, swaps = asyncio.run(swap_under_load(trial, server, home))
    statuses = [each.status for each in outcomes]
    good = [each for each in outcomes if each.status == 200]
    mixed = sum(not any(matches(each, answers) for answers in right) for each in good)
    name = f"{swaps} new checkpoints while {CLIENTS} clients embed and translate"
    return [
        Row(name, "no request fails", counts(statuses), set(statuses) == {200}),
        Row(
            name,
            "each answer is from one checkpoint",
            f"{mixed} of {len(good):,} answers match neither",
            not mixed and bool(good),
        ),
    ]


def request(number: int) -> bytes:
    """Return a request to embed or to translate a picture. Translations show a mix of two checkpoints."""
    picture = {"image": png(number // 2 % PICTURES)}
    if number % 2:
        return requests.form("/embed", picture, {"model": "tiny"})
    fields = {"model": "tiny", "seed": "1"}
    return requests.form("/translate", picture, fields, {"Accept": "image/png"})


def values(answer: Answer) -> np.ndarray:
    """Return an embedding, or the pixels of a translation from 0 to 1."""
    if answer.headers["content-type"] == "image/png":
        return np.asarray(Image.open(BytesIO(answer.body)), dtype=np.float64) / 255
    return np.asarray(json.loads(answer.body)["values"])


def matches(outcome: Outcome, answers: list[np.ndarray]) -> bool:
    """Return whether an answer is a checkpoint's. Other micro-batches change it by rounding only."""
    right, given = answers[outcome.number % (2 * PICTURES)], values(outcome.answer)
    return right.shape == given.shape and bool(np.abs(right - given).max() < 0.02)


async def swap_under_load(trial: Trial, server: Server, home: Path) -> tuple[list[Outcome], int]:
    """Publish checkpoints in turn until the load ends. Return the outcomes and the number of swaps."""
    load = asyncio.create_task(closed_loop(server.port, request, CLIENTS, trial.seconds))
    swaps = 0
    while not load.done():
        folder = await asyncio.to_thread(publish_tiny, home, "tiny", CHECKPOINTS[swaps % 2])
        await asyncio.to_thread(wait_for, server, folder)
        swaps += 1
    return await load, swaps


def wait_for(server: Server, folder: Path) -> None:
    """Wait until the server uses a version of `tiny`."""
    for _ in range(600):
        if server.client.get("/models/tiny").json()["version"] == folder.name:
            return
        server.client.post("/models/reload")
    raise AssertionError(f"version {folder.name} is not served")
