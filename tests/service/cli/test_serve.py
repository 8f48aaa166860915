"""`iiae serve`: its settings, in the help and from the environment."""

import re
import socket
from pathlib import Path

import pytest
from command_line import iiae

from service.cli import demo
from service.cli.serve import refuse_misspelled, settings_help
from service.http import server
from service.settings import Settings


def test_wrong_settings_are_a_sentence_and_status_2(tmp_path, monkeypatch):
    monkeypatch.setenv("IIAE_HOST", "0.0.0.0")
    done = iiae("serve", home=tmp_path)
    assert done.status == 2
    assert "IIAE_API_KEYS" in done.stderr


@pytest.mark.parametrize("keys", [None, "", ",", "too-short", "$(openssl rand -hex 24)"])
def test_absent_or_malformed_keys_on_an_open_address_are_refused_and_not_printed(tmp_path, monkeypatch, keys):
    served: list[Settings] = []
    monkeypatch.setattr(server, "serve", served.append)
    monkeypatch.setenv("IIAE_HOST", "0.0.0.0")
    if keys is not None:
        monkeypatch.setenv("IIAE_API_KEYS", keys)
        monkeypatch.setenv("IIAE_ALLOW_OPEN", "true")
    done = iiae("serve", home=tmp_path)
    assert (done.status, served) == (2, [])
    assert "IIAE_API_KEYS" in done.stderr
    assert not keys or len(keys) < 2 or keys not in done.stdout + done.stderr


def test_a_wrong_value_is_named_by_its_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("IIAE_PORT", "http")
    done = iiae("serve", home=tmp_path)
    assert done.status == 2
    assert done.stderr.startswith("iiae: IIAE_PORT: Input should be a valid integer")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("IIAE_API_KEY", "IIAE_API_KEYS"),
        ("IIAE_ADMIN_KEY", "IIAE_ADMIN_KEYS"),
        ("IIAE_ALLOWED_HOST", "IIAE_ALLOWED_HOSTS"),
    ],
)
def test_a_misspelled_setting_is_refused(tmp_path, monkeypatch, variable, meant):
    monkeypatch.setenv(variable, "0123456789abcdef")
    done = iiae("serve", home=tmp_path)
    assert (done.status, done.stderr) == (
        2,
        f"iiae: {variable} is not a setting; write {meant}, or unset the variable\n",
    )


def test_variables_of_compose_are_not_misspelled_settings():
    root = Path(__file__).parents[3]
    texts = [(root / file).read_text() for file in ("docker-compose.yml", ".env.example", "docker/try.sh")]
    refuse_misspelled(re.findall(r"IIAE_[A-Z_]*[A-Z]", "".join(texts)))


def test_the_help_of_serve_lists_the_settings(tmp_path):
    assert "IIAE_MAX_PIXELS (65000000)" in iiae("serve", "--help", home=tmp_path).stdout


def test_every_setting_is_listed_with_its_description():
    lines = [line for line in settings_help().splitlines() if line.startswith("-")]
    assert len(lines) == len(Settings.model_fields)
    for name, line in zip(Settings.model_fields, lines, strict=True):
        assert line.startswith(f"- `IIAE_{name.upper()}` (")
        assert line.endswith(Settings.model_fields[name].description)
    assert "- `IIAE_REDIS_URL` (): " in settings_help()


def test_the_server_runs_with_the_settings_of_the_environment(tmp_path, monkeypatch):
    served: list[Settings] = []
    monkeypatch.setattr(server, "serve", served.append)
    monkeypatch.setenv("IIAE_PORT", "8123")
    assert iiae("serve", home=tmp_path).status == 0
    assert [(settings.home, settings.port) for settings in served] == [(tmp_path, 8123)]


def test_options_say_the_address_instead_of_the_environment(tmp_path, monkeypatch):
    served: list[Settings] = []
    monkeypatch.setattr(server, "serve", served.append)
    monkeypatch.setenv("IIAE_PORT", "8123")
    assert iiae("serve", "--host", "localhost", "--port", "0", home=tmp_path).status == 0
    assert [(settings.host, settings.port) for settings in served] == [("localhost", 0)]
    refused = iiae("serve", "--host", "0.0.0.0", home=tmp_path)
    assert refused.status == 2 and "IIAE_API_KEYS" in refused.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_a_sentence_before_anything_is_loaded(tmp_path, monkeypatch, command):
    monkeypatch.setattr(server, "serve", lambda _: pytest.fail("the server started"))
    monkeypatch.setattr(demo, "prepare", lambda *_: pytest.fail("the demo was prepared"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = iiae(command, "--port", str(port), home=tmp_path)
    assert done.status == 2
    assert f"cannot listen on 127.0.0.1 port {port}: address already in use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_address_of_another_machine_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("IIAE_ALLOW_OPEN", "true")
    for host in ("192.0.2.1", "no-such-host.invalid"):
        done = iiae("serve", "--host", host, home=tmp_path)
        assert done.status == 2 and f"cannot listen on {host} port" in done.stderr
