"""Image files of noise: a different picture for each seed."""

from io import BytesIO

import numpy as np
from PIL import Image


def png(seed: int = 0, size: int = 40, kind: str = "PNG") -> bytes:
    """Return an image file of noise. Another seed gives another picture."""
    out = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)).save(
        out, kind
    )
    return out.getvalue()
