"""The Dockerfile follows a linter's rules, and a code change rebuilds little."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its arguments, with continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, arguments in instructions():
        if word == "FROM":
            found[arguments.split()[-1]] = []
        if found:  # not an ARG before the first stage
            found[list(found)[-1]].append((word, arguments))
    return found


STAGES = stages()


def parent(stage: str) -> str:
    """The stage or image that a stage starts from."""
    return STAGES[stage][0][1].split()[0]


def test_every_stage_starts_from_one_base_image_pinned_by_digest():
    assert {parent(stage) for stage in STAGES} - set(STAGES) == {"$BASE"}
    assert re.search(r"^ARG BASE=debian:bookworm-slim@sha256:[0-9a-f]{64}$", TEXT, re.MULTILINE)


def test_one_python_builds_and_runs():
    assert parent("python") == "$BASE"
    assert [stage for stage in STAGES if parent(stage) not in STAGES] == ["python"]
    assert len(re.findall(r'"python3=', TEXT)) == 1
    assert "python:" not in TEXT


def test_openmp_threads_sleep_while_they_wait():
    (environment,) = (arguments for word, arguments in STAGES["runtime"] if word == "ENV")
    assert "OMP_WAIT_POLICY=PASSIVE" in environment


def test_dockerfile_builds_without_buildkit():
    assert not re.search(r"^#\s*syntax", TEXT, re.MULTILINE)
    for word, arguments in instructions():
        assert word != "ADD"
        assert word == "HEALTHCHECK" or not re.match(r"--(?!from=)", arguments), (word, arguments)
        assert "<<" not in arguments


@pytest.mark.parametrize("stage", ["service", "trainer"])
def test_containers_do_not_run_as_root(stage):
    users = [arguments for word, arguments in STAGES[stage] if word == "USER"]
    assert users == ["iiae"]
    assert f"useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/iiae {users[0]}" in TEXT


def test_commands_have_no_shell_that_would_swallow_signals():
    for stage in ("service", "trainer"):
        for word, arguments in STAGES[stage]:
            assert word not in ("CMD", "ENTRYPOINT") or arguments.startswith("["), (stage, arguments)


def test_service_has_a_health_check():
    assert any(
        word == "HEALTHCHECK" and "/health/ready" in arguments for word, arguments in STAGES["service"]
    )


def test_installed_packages_are_pinned():
    (environment,) = (arguments for word, arguments in STAGES["builder"] if word == "ENV")
    assert "PIP_REQUIRE_HASHES=1" in environment
    locks = []
    for _, arguments in instructions():
        for command in re.findall(r"-m pip [^&]*? install [^&]*|-m pip install [^&]*", arguments):
            if "--no-deps" not in command:  # our own code
                (lock,) = re.findall(r"-r /src/(\S+)", command)
                assert command.split()[-1] == f"/src/{lock}", "every package comes from the lock file"
                locks += [lock.replace("$EXTRA", extra) for extra in ("cpu", "gpu")]
            assert "--upgrade" not in command
        for packages in re.findall(r"apt-get install ([^&>]*)", arguments):
            assert "--no-install-recommends" in packages
            assert all(word.startswith("-") or "=" in word for word in packages.split()), packages
            assert "rm -rf /var/lib/apt/lists/*" in arguments
    assert set(locks) == {path.name for path in (ROOT / "docker" / "locks").iterdir()}


def test_code_change_keeps_the_dependency_layers():
    names_code = re.compile(r"\b(model|service)\b")
    for stage in ("python", "builder", "dependencies", "training", "runtime"):
        copied = [arguments for word, arguments in STAGES[stage] if word == "COPY"]
        assert not any(names_code.search(arguments) for arguments in copied), stage
    for stage in ("service", "trainer"):
        copied = [arguments for word, arguments in STAGES[stage] if word == "COPY"]
        assert copied[-1] == "--from=code /code /opt/iiae"
    # A change of pyproject.toml rebuilds only the code, unless it changes a lock file too.
    for stage in set(STAGES) - {"code"}:
        assert not any(word == "COPY" and "pyproject" in text for word, text in STAGES[stage]), stage
