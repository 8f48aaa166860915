"""Tiny untrained checkpoints, noise pictures, and the service as a process."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import torch
from PIL import Image

from model import checkpoint
from model.iiae import IIAE
from model.pictures import prepare
from model.presets import PRESETS, QueryKind, SketchInput
from model.sketch.backbone.backbone import Backbone
from model.sketch.calibration import Calibration
from model.sketch.linear_start import init_shared_encoders

PROVENANCE = {
    "trained_on": "nothing",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}
IMAGE_PRESET = replace(PRESETS["facades"], image_size=32, width=0.125)
SKETCH_PRESET = replace(
    PRESETS["sketchy"],
    image_size=32,
    zs_size=32,
    sketch=SketchInput(encoders="linear_each", drawings=False),
)  # tests send noise

SKETCH_CURVE, EXPANDED_CURVE, PHOTO_CURVE = (
    Calibration(9.0, -4.0, -0.2, 100),
    Calibration(8.0, -5.0, -0.3, 100),
    Calibration(12.0, -7.0, -0.4, 100),
)


def publish_tiny(home: Path, name: str = "tiny", seed: int = 0) -> Path:
    """Publish an untrained image model. Another seed gives another version."""
    torch.manual_seed(seed)
    return checkpoint.publish(home / "checkpoints", name, IIAE(IMAGE_PRESET), **PROVENANCE)


def publish_sketch(
    home: Path,
    name: str = "drawn",
    *,
    drawings: bool = False,
    seed: int = 0,
    calibration: dict[QueryKind, Calibration] | None = None,
) -> Path:
    """Publish an untrained sketch model. Another seed gives another version.

    Different noise pictures get different embeddings, as from a trained model.
    """
    torch.manual_seed(seed)
    sketch = replace(SKETCH_PRESET.require_sketch(), drawings=drawings)
    preset = replace(SKETCH_PRESET, sketch=sketch)
    backbone, iiae = Backbone(sketch.backbone, 512, classified=sketch.classified), IIAE(preset)
    noise = torch.stack(
        [prepare(Image.open(BytesIO(png(seed))), SKETCH_PRESET.image_size) for seed in range(64)]
    )
    for norm in backbone.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = None  # the pass below then sets the statistics; without them activations vanish
    with torch.no_grad():
        backbone.train()(noise)
        features = backbone.eval()(noise)
    init_shared_encoders(
        iiae,
        features,
        features,
        [(np.array([number]), np.array([number])) for number in range(len(features))],
    )
    return checkpoint.publish(
        home / "checkpoints", name, iiae, backbone, calibration=calibration, **PROVENANCE
    )


def png(seed: int = 0, size: int = 40, kind: str = "PNG") -> bytes:
    """Return an image file of noise. Another seed gives another picture."""
    out = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)).save(
        out, kind
    )
    return out.getvalue()


class Server:
    """A process that runs `iiae serve`."""

    def __init__(self, home: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / f"server-{self.port}.log"
        settings = {
            "IIAE_HOME": str(home),
            "IIAE_PORT": str(self.port),
            "IIAE_STORE_POLL_SECONDS": "0.2",
            "OMP_NUM_THREADS": "1",
        } | environment
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve"],
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
            )
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def ready(self, within: float = 60) -> "Server":
        until = time.monotonic() + within
        while time.monotonic() < until:
            try:
                if self.client.get("/health/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.log.read_text()}")

    def stop(self) -> int:
        self.client.close()
        self.process.terminate()
        return self.process.wait(30)
