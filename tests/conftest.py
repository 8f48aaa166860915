"""Settings of all tests: tensor shapes are checked, and torch uses one thread.

Tests run in three processes (`make test`), because many of them wait for servers and browsers. By default
each process would start one thread per core. How threads wait is the shipped default, see `model.openmp`.
"""

import gc
import os

gc.disable()  # until all tests are collected: see `pytest_collection_finish`
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

from collections.abc import Iterator
from pathlib import Path

from jaxtyping import install_import_hook

install_import_hook("model", "beartype.beartype")  # before anything imports the model

import pytest
from hypothesis import settings

import model  # noqa: F401  # before a test imports torch: see `model.openmp`
from benchmarks.shared.preloaded import Preloaded
from benchmarks.shared.server_process import Server

settings.register_profile("project", deadline=None, max_examples=50)
settings.load_profile("project")


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but leave out what was imported, as the service does.

    Each full collection would look at all modules, in every process that runs tests.
    """
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder in IIAE_TEST_DATA, with facades/, mnist_cdcb/ and sketchy/. Skips the test without it."""
    folder = os.environ.get("IIAE_TEST_DATA")
    if not folder:
        pytest.skip("set IIAE_TEST_DATA to a folder with facades/, mnist_cdcb/ and sketchy/")
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def _preloaded_servers() -> Iterator[None]:
    """All servers are forks of one process, which saves their imports."""
    preloaded = Server.preloaded = Preloaded(os.environ | {"OMP_NUM_THREADS": "1"})
    yield
    preloaded.close()
