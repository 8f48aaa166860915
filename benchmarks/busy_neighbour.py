"""A search and a training step beside busy processes, for three ways in which OpenMP threads wait.

    python -m benchmarks.busy_neighbour [--rounds 5] [--searches 10] [--steps 10]

Threads that wait for each other spin 1,000 times, then sleep (`model.openmp`). By default, GNU OpenMP lets
them spin 300,000 times first. All cases take turns in each round, so other load on the machine slows all
alike. A search is `POST /sbir/search` with a new drawing, one at a time, to a server with the shipped
defaults.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import count, product
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageDraw

from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import OVERRIDES, Server
from model import objective
from model.iiae import IIAE
from model.presets import PRESETS

POLICIES: Mapping[str, Mapping[str, str]] = {
    "short spin": {},
    "sleep": {"GOMP_SPINCOUNT": "0"},
    "spin": {"GOMP_SPINCOUNT": "300000"},
}
"""The variables that an operator would set for each policy. The first is ours, the last GNU's default."""
OURS = "short spin"
NEIGHBOURS = (0, 1, 2)
GALLERY, MODEL, PHOTOS = "photos", "sketchy", 16
SKETCH_SIZE, STROKES, POINTS = 256, 4, 8
TRAINED = replace(PRESETS["facades"], image_size=128, width=0.375)
"""The shipped model of facades."""


@dataclass
class Case:
    """The measurements of one policy beside a number of busy processes; times are in seconds."""

    times: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.times) if self.times else float("nan")

    @property
    def p95(self) -> float:
        return float(np.quantile(self.times, 0.95)) if self.times else float("nan")


Cases = dict[tuple[int, str], Case]


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Run processes that compute without a pause."""
    with ExitStack() as stack:
        for _ in range(processes):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


def drawing(number: int) -> bytes:
    """Return a PNG of random strokes. Each number gives another drawing."""
    rng = np.random.default_rng(number)
    picture = Image.new("L", (SKETCH_SIZE, SKETCH_SIZE), 255)
    for stroke in rng.uniform(0, SKETCH_SIZE, (STROKES, POINTS, 2)):
        ImageDraw.Draw(picture).line([tuple(point) for point in stroke.tolist()], fill=0, width=4)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def start(home: Path, policy: str) -> Server:
    """Start a server with the shipped defaults, and give it a gallery."""
    home.mkdir()
    server = Server(home, shipped_defaults=True, **POLICIES[policy]).ready()
    server.client.post("/galleries", json={"name": GALLERY, "model": MODEL}).raise_for_status()
    for number in range(PHOTOS):
        server.client.post(f"/galleries/{GALLERY}/photos", files={"image": png(number)}).raise_for_status()
    return server


def search(server: Server, sketch: bytes, case: Case) -> None:
    """Send one search and add its time to the case."""
    began = perf_counter()
    answer = server.client.post(
        "/sbir/search", files={"sketch": sketch}, data={"gallery": GALLERY}, timeout=120
    )
    if answer.status_code == 200:
        case.times.append(perf_counter() - began)
    else:
        case.refused += 1


def search_times(rounds: int, searches: int) -> Cases:
    """Measure searches on one server for each policy."""
    cases: Cases = {key: Case() for key in product(NEIGHBOURS, POLICIES)}
    numbers = count()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {policy: stack.enter_context(start(Path(folder) / policy, policy)) for policy in POLICIES}
        for server in servers.values():
            search(server, drawing(next(numbers)), Case())  # the first opens the gallery
        for _, neighbours in product(range(rounds), NEIGHBOURS):
            with busy(neighbours):
                for policy, server in servers.items():
                    for _ in range(searches):
                        search(server, drawing(next(numbers)), cases[neighbours, policy])
    return cases


def step_times(rounds: int, steps: int) -> Cases:
    """Measure steps of training in a new process for each policy and round."""
    cases: Cases = {key: Case() for key in product(NEIGHBOURS[:2], POLICIES)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OVERRIDES)}
    for _, neighbours, policy in product(range(rounds), NEIGHBOURS[:2], POLICIES):
        with busy(neighbours):
            done = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    f"from benchmarks.busy_neighbour import print_steps; print_steps({steps})",
                ],
                env=inherited | dict(POLICIES[policy]),
                capture_output=True,
                check=True,
            )
        cases[neighbours, policy].times += json.loads(done.stdout)
    return cases


def print_steps(steps: int) -> None:
    """Print the seconds of each training step of a facades model, as JSON. Runs in a process of its own."""
    torch.manual_seed(0)
    iiae = IIAE(TRAINED)
    optimiser = torch.optim.Adam(iiae.parameters(), TRAINED.learning_rate, TRAINED.betas)
    x, y = torch.rand(2, TRAINED.batch_size, 3, TRAINED.image_size, TRAINED.image_size) * 2 - 1
    times = []
    for _ in range(steps + 2):
        began = perf_counter()
        terms = objective.terms(TRAINED, x, y, iiae(x, y))
        optimiser.zero_grad()
        (-objective.OBJECTIVES["iiae"](terms.annealed(1.0), TRAINED.lam)).backward()
        optimiser.step()
        times.append(perf_counter() - began)
    print(json.dumps(times[2:]))


def table(title: str, cases: Cases) -> str:
    """Return a Markdown table; the ratio is to our policy, without a neighbour."""
    idle = cases[0, OURS].median
    lines = [
        f"| {title} beside | waiting threads | median ms | p95 ms | : short spin, 0 | refused |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for (neighbours, policy), case in cases.items():
        times = f"{1000 * case.median:.0f} | {1000 * case.p95:.0f} | {case.median / idle:.2f}"
        lines.append(f"| {neighbours} busy processes | {policy} | {times} | {case.refused} |")
    return "\n".join(lines)


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    searches: Annotated[int, typer.Option(min=1, help="Searches of each case in a round.")] = 10,
    steps: Annotated[int, typer.Option(min=1, help="Training steps of each case in a round.")] = 10,
) -> None:
    """Print the tables."""
    print(f"{os.cpu_count()} cores, {rounds} rounds\n")
    print(table("a search", search_times(rounds, searches)), flush=True)
    training = step_times(rounds, steps)
    print("\n" + table("a training step", training))
    ratio = training[0, OURS].median / training[0, "spin"].median
    print(
        f"\nOn an idle machine, a training step with our policy takes {ratio:.2f} of the time of the default."
    )


if __name__ == "__main__":
    typer.run(main)
