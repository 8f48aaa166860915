"""The Compose file as data: what runs by default, how it is shut in, and that .env.example tells the truth.

`docker/try.sh` runs it; where there is an engine's Compose, `config` is asked here as well.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from service.settings import Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
OURS = ("service", "trainer", "demo", "service-gpu", "trainer-gpu")
FIXED = {"home", "host", "port", "redis_url", "allow_open"}
"""Settings that are the deployment's own to choose."""
DEFAULTS = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", FILE.read_text()))


def compose(**environment: str) -> dict:
    def value(match: re.Match[str]) -> str:
        return environment.get(match[1], match[2])

    return yaml.safe_load(re.sub(r"\$\{(\w+):-([^}]*)\}", value, FILE.read_text()))


SERVICES = compose()["services"]


def test_what_comes_up_by_itself_is_the_service_its_gallery_and_redis():
    assert {name for name, each in SERVICES.items() if not each.get("profiles")} == {
        "service",
        "demo",
        "redis",
    }
    assert {profile for each in SERVICES.values() for profile in each.get("profiles", ())} == {
        "trainer",
        "gpu",
        "monitoring",
    }


def test_images_are_built_here_or_pinned():
    for name, each in SERVICES.items():
        if "build" in each:
            assert (ROOT / each["build"]["dockerfile"]).exists(), name
        else:
            tag = each["image"].partition(":")[2]
            assert re.search(r"\d", tag), f"{name} has no version: {each['image']}"


def test_everything_is_published_on_this_machine_alone_and_redis_nowhere():
    for name, each in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in each.get("ports", ())), name
    assert "ports" not in SERVICES["redis"]
    assert SERVICES["redis"]["networks"] == ["cache"]
    assert compose()["networks"]["cache"] == {"internal": True}


@pytest.mark.parametrize("name", [*OURS, "redis"])
def test_containers_run_as_nobody_special_and_cannot_write_to_their_image(name):
    each = SERVICES[name]
    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert each["user"].partition(":")[0] not in ("", "0", "root")


def test_logs_do_not_fill_the_disk():
    for name, each in SERVICES.items():
        assert {"max-size", "max-file"} <= set(each["logging"]["options"]), name


def test_redis_is_a_cache():
    words = SERVICES["redis"]["command"]
    said = dict(zip(words[1::2], words[2::2], strict=True))
    assert said == {
        "--maxmemory": "256mb",
        "--maxmemory-policy": "allkeys-lru",
        "--save": "",
        "--appendonly": "no",
    }


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_every_setting_of_the_service_can_be_made(name):
    environment = SERVICES[name]["environment"]
    settings = {f"IIAE_{field.upper()}" for field in Settings.model_fields}
    assert set(environment) <= settings
    assert settings - set(environment) == {"IIAE_HOME", "IIAE_HOST", "IIAE_PORT"}  # which the image sets
    passed = {key for key, value in environment.items() if value is None}
    assert passed == {f"IIAE_{field.upper()}" for field in Settings.model_fields if field not in FIXED} - {
        "IIAE_DEFAULT_MODEL"
    }


def test_the_example_of_settings_names_all_of_them_with_their_defaults():
    told = dict(re.findall(r"^#(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    passed = {key for key, value in SERVICES["service"]["environment"].items() if value is None}
    assert set(told) == set(DEFAULTS) | passed
    assert {key: told[key] for key in DEFAULTS} == DEFAULTS
    examples = {"IIAE_API_KEYS", "IIAE_ADMIN_KEYS", "IIAE_DEFAULT_GALLERY", "IIAE_THREADS"}
    for key in passed - examples - set(DEFAULTS):
        field = Settings.model_fields[key.removeprefix("IIAE_").lower()]
        assert (
            type(field.default)(told[key]) == field.default
            if not isinstance(field.default, bool)
            else told[key] == str(field.default).lower()
        ), key


def test_what_is_mounted_from_here_is_here():
    for each in SERVICES.values():
        for mount in each.get("volumes", ()):
            source = mount.partition(":")[0]
            assert source in ("./data", *compose()["volumes"]) or (ROOT / source).exists(), mount


def test_the_state_may_be_a_folder_of_another_user():
    service = compose(IIAE_STATE="/srv/iiae", IIAE_USER="1000:1000")["services"]["service"]
    assert service["user"] == "1000:1000"
    assert "/srv/iiae:/var/lib/iiae" in service["volumes"]


@pytest.mark.parametrize("name", ["service-gpu", "trainer-gpu"])
def test_a_gpu_is_reserved(name):
    (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert SERVICES[name]["build"]["args"]["EXTRA"] == "gpu"


def test_compose_itself_takes_the_file():
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True).returncode == 0
        ):
            break
    else:
        pytest.skip("no Docker Compose here")
    done = subprocess.run(
        [*command, "-f", str(FILE), "config", "--services"], capture_output=True, text=True, check=True
    )
    assert {"service", "demo", "redis"} <= set(done.stdout.split())
