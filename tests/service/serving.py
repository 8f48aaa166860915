"""What most tests of the service need: tiny checkpoints, noise pictures, the service as a process.

The trials in `benchmarks/` need them too, so they are defined there.
"""

from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch, publish_tiny
from model.sketch.calibration import Calibration

__all__ = ["EXPANDED_CURVE", "PHOTO_CURVE", "SKETCH_CURVE", "Server", "png", "publish_sketch", "publish_tiny"]

SKETCH_CURVE, EXPANDED_CURVE, PHOTO_CURVE = (
    Calibration(9.0, -4.0, -0.2, 100, strong=0.9, possible=0.025),
    Calibration(8.0, -5.0, -0.3, 100, strong=0.8, possible=0.01),
    Calibration(12.0, -7.0, -0.4, 100, strong=0.01, possible=0.0005),
)
