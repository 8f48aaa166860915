"""The images' lock files: hashes, the versions of constraints.txt, and complete for the Python that runs."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "docker" / "locks"
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
RUNTIME = re.search(r"python3=([\d.]+)-", DOCKERFILE)[1]
"""The version of Debian 12's Python, which builds and runs the images."""
MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": RUNTIME,
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": RUNTIME,
    "python_version": RUNTIME.rpartition(".")[0],
    "sys_platform": "linux",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {
    "serve-cpu": [],
    "serve-gpu": ["gpu"],
    "train-cpu": ["train", "parquet"],
    "train-gpu": ["gpu", "train", "parquet"],
}
"""The extras of pyproject.toml in each lock file."""
NAMES = [*EXTRAS, "build"]


def locked(name: str) -> dict[str, tuple[Version, list[str]]]:
    """The packages of a lock file: name, version and hashes."""
    text = (LOCKS / f"{name}.txt").read_text().replace("\\\n", "")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    pins = ((*line[0].split("=="), line[1:]) for line in lines)
    return {canonicalize_name(package): (Version(version), hashes) for package, version, hashes in pins}


def constraints() -> dict[str, Version]:
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in pins}


def requested(name: str) -> list[Requirement]:
    """The requirements that a lock file answers."""
    if name == "build":
        return [Requirement("hatchling"), Requirement("pip")]
    lines = PROJECT["dependencies"] + [
        line for extra in EXTRAS[name] for line in PROJECT["optional-dependencies"][extra]
    ]
    if name.endswith("gpu"):  # faiss-gpu has the same files
        lines = [line for line in lines if not line.startswith("faiss-cpu")]
    return [Requirement(line) for line in (*lines, *(["pip"] if name.startswith("train") else []))]


def resolved(name: str) -> list[Requirement]:
    """The requirements of a lock file and those of all its packages, on the Python that runs."""
    todo, found = requested(name), {}
    while todo:
        requirement = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({**MARKERS, "extra": ""}):
            continue
        if str(requirement) not in found:
            found[str(requirement)] = requirement
            todo += dependencies(requirement)
    return list(found.values())


def dependencies(requirement: Requirement) -> list[Requirement]:
    """What a package requires with these extras. Packages that are not installed here are skipped."""
    try:
        lines = requires(requirement.name) or []
    except PackageNotFoundError:
        return []
    wanted = []
    for line in map(Requirement, lines):
        environments = [{**MARKERS, "extra": extra} for extra in ("", *requirement.extras)]
        if line.marker is None or any(line.marker.evaluate(environment) for environment in environments):
            line.marker = None
            wanted.append(line)
    return wanted


@pytest.mark.parametrize("name", NAMES)
def test_locked_packages_have_hashes(name):
    for package, (_, hashes) in locked(name).items():
        assert hashes, package
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), package


@pytest.mark.parametrize("name", NAMES)
def test_locked_versions_are_those_of_the_constraints(name):
    pinned = constraints()
    for package, (version, _) in locked(name).items():
        assert Version(version.public) == pinned.get(package), f"{package}: run `make lock`"


@pytest.mark.parametrize("name", NAMES)
def test_locks_are_complete_for_the_python_that_runs(name):
    packages = locked(name)
    for requirement in resolved(name):
        package = canonicalize_name(requirement.name)
        assert package in packages, f"{requirement} is not locked: run `make lock`"
        assert requirement.specifier.contains(packages[package][0].public, prereleases=True), requirement


@pytest.mark.parametrize("name", ["serve-cpu", "train-cpu"])
def test_locks_have_nothing_else(name):
    needed = {canonicalize_name(requirement.name) for requirement in resolved(name)}
    assert set(locked(name)) - needed == set(), "run `make lock`"


def test_redis_client_has_its_timeout_package_on_debian_s_python():
    assert Version(RUNTIME) < Version("3.11.3")
    assert "async-timeout" in locked("serve-cpu")


@pytest.mark.parametrize("name", EXTRAS)
def test_cpu_images_have_the_cpu_build_of_torch(name):
    local = locked(name)["torch"][0].local
    assert local == ("cpu" if name.endswith("cpu") else None)


def test_locks_are_made_for_the_python_of_the_images():
    assert f"--python-version {RUNTIME} " in (ROOT / "Makefile").read_text()


def test_locks_name_no_index_and_no_folder():
    for name in NAMES:
        assert not re.search(r"://|^-|find-links|\s/", (LOCKS / f"{name}.txt").read_text(), re.MULTILINE)
