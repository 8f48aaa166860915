"""Hostile values in each entry of a manifest: the checkpoint is refused, or served as before."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published_models import CPU, IMAGES, SKETCHES, add

from model.checkpoint import CheckpointError, with_calibration, with_metrics
from model.presets import PRESETS
from model.sealed_json import seal
from model.sketch.calibration import Calibration
from service.registry.loading import load
from service.registry.store import find_candidates

MORE_MEMORY = 600 * 2**20
"""Bytes that the child process may take above what it has after its imports."""
VALUES = [10**6, 10**400, -1, 0, 0.5, 1e308, None, "x", "9" * 5000, [1], {"a": 1}]
FOR_TEXT = [10**6, None, "9" * 30_000]
RAW = ["NaN", "Infinity", "[" * 100_000 + "]" * 100_000]
"""Text that `json` does not write."""
PRESET = {
    "image": IMAGES,
    "fully connected": replace(PRESETS["cars"], image_size=32, width=0.125, fc_channels=64),
    "sketch": replace(SKETCHES, sketch=replace(SKETCHES.require_sketch(), backbone="efficientnet-lite0")),
}
SIZES = {
    "image": {"image_size", "width", "zs_size", "zx_size"},
    "fully connected": {"image_size", "width", "zs_size", "zx_size", "fc_channels"},
    "sketch": {"image_size", "zs_size", "zx_size", "feature_size"},
}
"""The entries of each kind that must not have another value."""


@pytest.mark.parametrize("kind", PRESET)
def test_hostile_manifests_are_refused_in_little_memory(store: Path, kind: str) -> None:
    folder = add(store, preset=PRESET[kind])
    with_metrics(folder, {"some": 0.5})
    with_calibration(folder, {"y": Calibration(9.0, -4.0, -0.2, 100)})
    script = (
        f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}; from pathlib import Path; "
        f"from test_hostile_manifests import attack; attack(Path({str(store)!r}), {kind!r})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=110)
    assert done.stdout == "done\n", done.stdout[:3000] + done.stderr[-3000:]


def attack(store: Path, kind: str) -> None:
    """Try each hostile manifest, and print those that neither fail as they should nor are harmless."""
    [candidate] = find_candidates(store)["digits"]
    path = candidate.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    pixels = torch.zeros(1, 3, 32, 32)
    intact = load(candidate, CPU).inference.shared("x", pixels)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MORE_MEMORY, resource.RLIM_INFINITY))
    for key, value, text in hostile_manifests(manifest):
        path.write_text(text)
        try:
            model = load(candidate, CPU)
        except CheckpointError as error:
            if not 10 < len(str(error)) < 500:
                print(f"{key} = {value} has a poor reason: {error}")
            continue
        except BaseException as error:
            print(f"{key} = {value} raises {type(error).__name__}: {error}")
            continue
        if key in SIZES[kind] or not torch.equal(model.inference.shared("x", pixels), intact):
            print(f"{key} = {value} is accepted")
        try:
            scores = [model.manifest.score(kind, 0.5, 100) for kind in model.manifest.calibration]
            grades = [model.manifest.grade(kind, 0.5) for kind in model.manifest.calibration]
            json.dumps([scores, grades, model.manifest.metrics, model.domains], allow_nan=False)
        except Exception as error:
            print(f"{key} = {value} breaks answers: {error}")
    print("done")


def hostile_manifests(manifest: dict) -> Iterator[tuple[str, str, str]]:
    """Yield an entry's name, a hostile value, and the manifest with it and with a checksum that matches."""
    for keys in paths(manifest):
        changed = deepcopy(manifest)
        parent = changed
        for key in keys[:-1]:
            parent = parent[key]
        for value in FOR_TEXT if isinstance(parent[keys[-1]], str) else VALUES:
            parent[keys[-1]] = value
            yield keys[-1], str(value)[:20], json.dumps(seal(changed))
        parent[keys[-1]] = "RAW"
        changed.pop("checksum", None)
        for value in RAW:
            yield keys[-1], value[:20], json.dumps(changed).replace('"RAW"', value)


def paths(document: dict) -> Iterator[tuple[str, ...]]:
    for key, value in document.items():
        if key != "checksum":
            yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in paths(value))
