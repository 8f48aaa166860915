"""The disk of one gallery does not answer: a small file system is frozen, which only root can do."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import Outcome, Requests, closed_loop, percentile
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

CLIENTS = 6
"""Clients that add to the stalled gallery, and as many that search in it."""
SIZE_MB = 64
CHANGE_SECONDS, SHORT_CHANGE_SECONDS = 10, 4
"""IIAE_CHANGE_SECONDS of the server, and in a short trial."""


def run(trial: Trial) -> list[Row]:
    """Freeze the disk of the gallery `stalled`, use it with many clients, and search in `free`."""
    home, deadline = trial.home(), SHORT_CHANGE_SECONDS if trial.short else CHANGE_SECONDS
    publish_sketch(home)
    with Server(home) as server:
        server.ready()
        for name in ("stalled", "free"):
            server.client.post("/galleries", json={"name": name, "model": "drawn"}).raise_for_status()
            photos = [("image", png(seed)) for seed in range(8)]
            server.client.post(f"/galleries/{name}/photos", files=photos).raise_for_status()
    gallery = home / "galleries" / "stalled"
    try:
        with disk(trial.folder / "disk") as mounted:
            gallery.symlink_to(shutil.move(gallery, mounted))
            with Server(home, IIAE_CHANGE_SECONDS=str(deadline)) as server:
                return use(trial, server.ready(), mounted, deadline)
    except (OSError, subprocess.CalledProcessError) as error:
        return [
            Row("the disk of one gallery stalls", "others go on", f"no disk can be frozen ({error})", None)
        ]


def use(trial: Trial, server: Server, mounted: Path, deadline: int) -> list[Row]:
    """Use both galleries while the disk is frozen, and afterwards."""
    with frozen(mounted, trial.seconds + 60):
        adds, searches, beside = asyncio.run(load(server.port, trial.seconds))
        listing = server.client.get("/galleries")
    again = asyncio.run(closed_loop(server.port, add, 1, trial.seconds / 10))
    refused = [each for each in (*adds, *searches) if each.status not in (200, 201)]
    slowest, usual = max(each.latency for each in refused), percentile([e.latency for e in refused], 50)
    p99 = percentile([each.latency for each in beside], 99)
    longest = max(each.latency for each in beside)
    return [
        Row(
            "the disk of one gallery stalls: its requests",
            f"503 within the deadline ({deadline} s)",
            f"{counts(each.status for each in refused)}; median {usual:.2f} s, longest {slowest:.2f} s",
            {each.status for each in refused} == {503} and trial.within(slowest, deadline + 1),
        ),
        Row(
            "the disk of one gallery stalls: searches elsewhere",
            "no failure, none waits for the disk (2 s)",
            f"{counts(each.status for each in beside)}; p99 {p99:.2f} s, longest {longest:.2f} s",
            {each.status for each in beside} == {200} and trial.within(longest, 2.0),
        ),
        Row(
            "the disk of one gallery stalls: the list of galleries",
            "it answers",
            counts([listing.status_code]),
            listing.status_code == 200,
        ),
        Row(
            "the disk of one gallery stalled: its writers afterwards",
            "they write again",
            counts(each.status for each in again),
            {each.status for each in again} == {201},
        ),
    ]


def search_in(gallery: str) -> Requests:
    """Return the maker of searches in a gallery."""
    fields = {"gallery": gallery, "source": "photo", "k": "5"}
    return lambda number: requests.form("/retrieve", {"image": png(number % 50)}, fields)


def add(number: int) -> bytes:
    """Return a request that adds a new photo to the stalled gallery."""
    return requests.form("/galleries/stalled/photos", {"image": png(1000 + number)})


async def load(port: int, seconds: float) -> tuple[list[Outcome], list[Outcome], list[Outcome]]:
    """Add to the stalled gallery and search in it with many clients, and search in the other."""
    adds, searches, beside = await asyncio.gather(
        closed_loop(port, add, CLIENTS, seconds),
        closed_loop(port, search_in("stalled"), CLIENTS, seconds),
        closed_loop(port, search_in("free"), 2, seconds),
    )
    return adds, searches, beside


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """Mount a small ext4 file system.

    Raises:
        subprocess.CalledProcessError: the mount failed, for example because this process is not root.
    """
    folder.mkdir()
    image = folder.with_suffix(".img")
    command("truncate", "-s", f"{SIZE_MB}M", str(image))
    command("mkfs.ext4", "-q", "-F", str(image))
    command("mount", "-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        command("umount", "--lazy", str(folder))


@contextmanager
def frozen(folder: Path, seconds: float) -> Iterator[None]:
    """Freeze a file system: writers stall. It thaws after some seconds even if this process is killed."""
    thaw = f"sleep {seconds:.0f}; fsfreeze -u '{folder}'"
    watchdog = subprocess.Popen(["sh", "-c", thaw], stderr=subprocess.DEVNULL, start_new_session=True)
    command("fsfreeze", "-f", str(folder))
    try:
        yield
    finally:
        watchdog.kill()
        watchdog.wait()
        command("fsfreeze", "-u", str(folder))


def command(*words: str) -> None:
    """Run a command."""
    subprocess.run(words, check=True, capture_output=True)
