"""Damaged versions of a model are published to a running server."""

import json
import random
import resource
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx

from benchmarks.chaos.damage import DAMAGES, Damage
from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

SLOW = 5.0
"""A check for new checkpoints may not take longer, in seconds: a FIFO would block it for ever."""
MORE_MEMORY = 2 * 2**30
"""Bytes that the server may allocate after its start, so that a hostile manifest cannot harm the machine."""
DamageFolder = Callable[[Path], None]


def run(trial: Trial) -> list[Row]:
    """Publish a damaged version and then a good one, for each kind of damage."""
    home, rng, seeds = trial.home(), random.Random(trial.seed), count(1)
    publish_tiny(home)
    with Server(home, IIAE_STORE_POLL_SECONDS="3600") as server:
        limit_memory(server.ready())
        return [try_damage(trial, server, home, name, damage, seeds) for name, damage in damages(rng).items()]


def damages(rng: random.Random) -> dict[str, DamageFolder]:
    """Return all kinds of damage to a checkpoint's folder. FIFOs come last."""
    kinds: dict[str, DamageFolder] = {"a checkpoint's manifest: zs_size is a million": claim_huge_network}
    for kind, damage in DAMAGES.items():
        for file in ("weights.safetensors", "manifest.json"):
            kinds[f"a checkpoint's {file}: {kind}"] = in_folder(file, damage, rng)
    return kinds


def in_folder(file: str, damage: Damage, rng: random.Random) -> DamageFolder:
    """Return the damage to one file of a folder."""
    return lambda folder: damage(folder / file, rng)


def claim_huge_network(folder: Path) -> None:
    """Write a size into the manifest that would not fit into memory."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["preset"]["zs_size"] = 1_000_000
    path.write_text(json.dumps(manifest))


def limit_memory(server: Server) -> None:
    """Limit the memory that the server may allocate from now on."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (used,) = (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmSize:"))
    limit = used + MORE_MEMORY
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, limit))


def try_damage(
    trial: Trial, server: Server, home: Path, name: str, damage: DamageFolder, seeds: "count[int]"
) -> Row:
    """Publish a damaged version, then a good one."""
    client, before = server.client, version(server)
    published = publish_tiny(trial.folder / "elsewhere", seed=next(seeds))
    damage(published)
    broken = published.rename(home / "checkpoints" / "tiny" / published.name)  # complete, or not at all
    try:
        reload = client.post("/models/reload", timeout=2 * SLOW)
        rejected = {each["version"] for each in reload.json()["rejected"]}
        seconds = reload.elapsed.total_seconds()
        kept = version(server) == before
        status = client.post("/embed", files={"image": png(1)}, data={"model": "tiny"}).status_code
        shutil.rmtree(broken)
        good = publish_tiny(home, seed=next(seeds))
        client.post("/models/reload", timeout=2 * SLOW)
        recovered = version(server) == good.name
    except (httpx.TransportError, KeyError) as error:
        return Row(name, PROMISE, f"{type(error).__name__}: {error}", False)
    finally:
        shutil.rmtree(broken, ignore_errors=True)
    return Row(
        name,
        PROMISE,
        f"{'rejected' if broken.name in rejected else 'not rejected'} in {seconds:.1f} s, old version"
        f" {'kept' if kept else 'lost'}, next version {'served' if recovered else 'not served'}",
        broken.name in rejected and kept and status == 200 and recovered and trial.within(seconds, SLOW),
    )


PROMISE = "it is rejected, the old version stays, the next good one is served"


def version(server: Server) -> str:
    """Return the version of `tiny` that is served."""
    return str(server.client.get("/models/tiny", timeout=2 * SLOW).json()["version"])
