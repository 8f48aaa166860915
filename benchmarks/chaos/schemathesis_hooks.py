"""Hooks of schemathesis: the files of forms are mostly real pictures, so that tests go beyond the decoder."""

import schemathesis
from hypothesis import strategies as st

from benchmarks.shared.noise_pictures import png

PICTURES = [png(seed, 16, kind) for seed, kind in enumerate(("PNG", "JPEG", "WEBP", "GIF", "BMP"))]

schemathesis.openapi.format("binary", st.sampled_from(PICTURES) | st.binary(max_size=100))
