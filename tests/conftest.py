"""Shapes are checked while tests run; torch keeps to one thread, so that two test processes share two cores."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

install_import_hook("model", "beartype.beartype")

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None, max_examples=50)
settings.load_profile("project")


@pytest.fixture(scope="session")
def real_data():
    """The folder with facades/, mnist_cdcb/ and sketchy/, named by IIAE_TEST_DATA; tests that want it skip without."""
    from pathlib import Path

    folder = os.environ.get("IIAE_TEST_DATA")
    if not folder:
        pytest.skip("IIAE_TEST_DATA names no folder of real data")
    return Path(folder)
