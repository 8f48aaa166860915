"""In all programs of this repository, OpenMP's waiting threads soon sleep, unless the operator objects."""

import os
import re
import subprocess
import sys

import pytest

from model.openmp import SHORT_SPIN, wait_asleep

SPINS = "300000"
"""GOMP_SPINCOUNT of GNU OpenMP without a policy."""
PROGRAMS = {
    "iiae": ("-c", "from service.cli.__main__ import main; main()", "galleries"),
    "python -m service.cli": ("-m", "service.cli", "galleries"),
    "iiae demo": ("-m", "service.cli", "demo", "--help"),
    "iiae train": ("-m", "service.cli", "train", "facades", "--help"),
    "the model's commands": ("-c", "from model.cli.app import app; app()", "evaluate", "--help"),
    "another server that imports the app": ("-c", "import service.http.app"),
    "another server that imports the index first": ("-c", "import service.galleries.faiss_index"),
    "a benchmark": ("-m", "benchmarks.engine", "--help"),
}


def spin_counts(*words: str, **variables: str) -> set[str]:
    """Run a program in a new process, and return the spin counts of the OpenMP libraries that it loads."""
    done = run(*words, OMP_DISPLAY_ENV="VERBOSE", **variables)
    return set(re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr))


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    environment = inherited | variables
    done = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module", autouse=True)
def _gnu_openmp() -> None:
    if spin_counts("-c", "import torch") != {SPINS}:
        pytest.skip("torch is built with another OpenMP library")


@pytest.mark.parametrize("program", PROGRAMS)
def test_openmp_threads_spin_shortly(program):
    assert spin_counts(*PROGRAMS[program]) == {SHORT_SPIN}


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("OMP_WAIT_POLICY", "ACTIVE", "30000000000"),
        ("OMP_WAIT_POLICY", "passive", SHORT_SPIN),
        ("GOMP_SPINCOUNT", "0", "0"),
    ],
)
def test_the_operators_own_choice_is_kept(variable, value, expected):
    assert spin_counts("-c", "import model, torch", **{variable: value}) == {expected}


@pytest.mark.parametrize("package", ["model", "service", "benchmarks"])
def test_a_package_sets_the_policy_and_loads_no_openmp_library(package):
    loaded = "{'torch', 'faiss'} & {*sys.modules}"
    done = run("-c", f"import os, sys, {package}; print(os.environ['OMP_WAIT_POLICY'], {loaded})")
    assert done.stdout.strip() == "PASSIVE set()"


def test_an_empty_environment_gets_the_policy():
    environment: dict[str, str] = {}
    wait_asleep(environment)
    assert environment == {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": SHORT_SPIN}
