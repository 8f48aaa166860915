"""The disk of the home is full, or turns read-only. It is a small tmpfs, which only root can mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

SIZE_MB = 128
PHOTO_SIDE = 300
"""Photos of 270 kB."""
SMALL_PHOTOS = 100
ATTEMPTS = 10


def run(trial: Trial) -> list[Row]:
    """Fill the disk, free it, make it read-only, make it writable again."""
    try:
        with small_disk(trial.home()) as home:
            publish_sketch(home)
            with Server(home, IIAE_MIN_FREE_MB="1", IIAE_CACHE_MB="0") as server:
                rows = fill_and_free(server.ready(), home)
            remount(home, "ro")  # impossible while a server has files open
            with Server(
                trial.folder, IIAE_HOME=str(home), IIAE_MIN_FREE_MB="1"
            ) as server:  # its log is elsewhere
                return rows + write_to_read_only(server.ready(), home)
    except (PermissionError, subprocess.CalledProcessError) as error:
        return [
            Row("the disk is full or read-only", "507 or 503", f"no tmpfs can be mounted ({error})", None)
        ]


def fill_and_free(server: Server, disk: Path) -> list[Row]:
    """Fill the disk and free it again."""
    server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
    assert add(server, 0) == (201, "")
    small = [add_small(server, seed) for seed in range(SMALL_PHOTOS)]
    files = names(disk)
    filler = disk / "filler"
    filler.write_bytes(b"")
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    full = [add(server, seed) for seed in range(1, ATTEMPTS)]
    search_full, left = search(server), names(disk) - files
    ready = server.client.get("/health/ready")
    removed = [server.client.delete(f"/galleries/g/photos/{photo_id}").status_code for photo_id in small]
    filler.unlink()
    freed = [add(server, seed) for seed in range(1, ATTEMPTS)]
    return [
        row("the disk is full: adding a photo", (507, "storage_full"), full),
        Row("the disk is full: searches", "they continue", counts([search_full]), search_full == 200),
        Row(
            "the disk is full: files",
            "no half-written file stays",
            f"{len(left)} new files: {', '.join(sorted(left)[:3])}" if left else "0 new files",
            not left,
        ),
        Row(
            "the disk is full: readiness",
            "`/health/ready` names the disk in `degraded`",
            f"{ready.status_code}, degraded: {ready.json().get('degraded')}".replace("|", "/"),
            bool(ready.json().get("degraded")),
        ),
        Row(
            "the disk is full: removing photos of 2 kB",
            "all are removed",
            counts(removed),
            set(removed) == {204},
        ),
        row("the disk has space again: adding a photo", (201, ""), freed),
    ]


def write_to_read_only(server: Server, disk: Path) -> list[Row]:
    """Write to a read-only disk, and make it writable."""
    read_only = [add(server, 100 + seed) for seed in range(ATTEMPTS)]
    found = search(server)
    remount(disk, "rw")
    writable = [add(server, 100 + seed) for seed in range(ATTEMPTS)]
    return [
        row("the disk is read-only: adding a photo", (503, "storage_unavailable"), read_only),
        Row("the disk is read-only: searches", "they continue", counts([found]), found == 200),
        row("the disk is writable again: adding a photo", (201, ""), writable),
    ]


def row(scenario: str, right: tuple[int, str], answers: list[tuple[int, str]]) -> Row:
    """Return the row of some attempts to add a photo. All must get the right status and code."""
    found = ", ".join(f"{status} {code}".strip() for status, code in sorted(set(answers)))
    return Row(
        scenario,
        f"{right[0]} {right[1]}".strip(),
        f"{len(answers)} attempts: {found}",
        set(answers) == {right},
    )


def add(server: Server, seed: int) -> tuple[int, str]:
    """Add a photo. Return the status and the code of the problem."""
    answer = server.client.post("/galleries/g/photos", files={"image": png(seed, PHOTO_SIDE)})
    return answer.status_code, answer.json().get("code", "")


def add_small(server: Server, seed: int) -> int:
    """Add a photo of 2 kB, and return its id."""
    answer = server.client.post("/galleries/g/photos", files={"image": png(1000 + seed, 24)})
    return int(answer.raise_for_status().json()["photos"][0]["id"])


def search(server: Server) -> int:
    """Search with the first photo, and return the status."""
    fields = {"gallery": "g", "source": "photo"}
    return server.client.post("/retrieve", files={"image": png(0, PHOTO_SIDE)}, data=fields).status_code


def names(disk: Path) -> set[str]:
    """Return the files of galleries on the disk, without those of SQLite and the indexes."""
    paths = (path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file())
    ours = (path for path in paths if path.startswith("galleries/"))
    return {path for path in ours if ".sqlite" not in path and "/index/" not in path}


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small tmpfs.

    Raises:
        PermissionError: this process is not root.
        subprocess.CalledProcessError: the mount failed, for example in a container without the capability.
    """
    if os.geteuid() != 0:
        raise PermissionError("not root")
    mount("-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(disk: Path, mode: str) -> None:
    """Make the disk read-only (`ro`) or writable (`rw`)."""
    mount("-o", f"remount,{mode}", str(disk))


def mount(*arguments: str) -> None:
    """Run mount."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
