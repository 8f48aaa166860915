"""The Compose file as data: the default services, how they are contained, and that .env.example is correct.

`docker/try.sh` runs it. Where Compose is installed, it parses the file here too.
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
IMAGE_SETTINGS = {"home", "host", "port"}
"""Settings with a value in the image."""
COMPOSE_SETTINGS = {"redis_url", "allow_open", "allowed_hosts", "default_model"}
"""Settings with a value in the Compose file."""
EXAMPLES = {
    "IIAE_CORS_ORIGINS",
    "IIAE_ROOT_PATH",
    "IIAE_API_KEYS",
    "IIAE_ADMIN_KEYS",
    "IIAE_RATE_LIMIT",
    "IIAE_QUOTA",
    "IIAE_TRACES_URL",
    "IIAE_DEFAULT_GALLERY",
    "IIAE_THREADS",
}
"""Variables without a default; .env.example has an example of each."""
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
DEFAULTS = dict(VARIABLE.findall(FILE.read_text()))


def compose(**environment: str) -> dict:
    """The Compose file with its variables replaced."""

    def value(match: re.Match[str]) -> str:
        return environment.get(match[1], match[2])

    return yaml.safe_load(VARIABLE.sub(value, FILE.read_text()))


SERVICES = compose()["services"]


def variables(fields: set[str]) -> set[str]:
    return {f"IIAE_{field.upper()}" for field in fields}


def passed_through(service: str) -> set[str]:
    """Variables of a service that get their value from the environment or .env."""
    return {key for key, value in SERVICES[service]["environment"].items() if value is None}


def test_service_demo_and_redis_start_by_default():
    profiles = {name: each.get("profiles", []) for name, each in SERVICES.items()}
    assert {name for name, names in profiles.items() if not names} == {"service", "demo", "redis"}
    assert set().union(*profiles.values()) == {"trainer", "gpu", "monitoring"}


def test_images_are_built_here_or_pinned_by_digest():
    for name, each in SERVICES.items():
        if "build" in each:
            assert (ROOT / each["build"]["dockerfile"]).exists(), name
        else:
            assert re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", each["image"]), name


@pytest.mark.parametrize("name", OURS)
def test_build_arguments_are_those_of_the_dockerfile(name):
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    defaults = dict(re.findall(r"^ARG (\w+)=(.*)$", dockerfile, re.MULTILINE))
    assert {"BASE", "TORCH_INDEX", "EXTRA"} == set(defaults)
    gpu = {"EXTRA": "gpu", "TORCH_INDEX": ""} if name.endswith("gpu") else {}
    assert {**defaults, **SERVICES[name]["build"]["args"]} == {**defaults, **gpu}


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_limits(name):
    each = SERVICES[name]
    assert 0 < each["pids_limit"] <= 1024
    assert re.fullmatch(r"[1-9]\d*[mg]", each["mem_limit"])
    assert each["cpus"] == 1 or each["cpu_shares"] > 0


def test_service_comes_before_the_trainer_on_a_busy_machine():
    assert SERVICES["service"]["cpu_shares"] >= 8 * SERVICES["trainer"]["cpu_shares"]
    assert compose(IIAE_CPUS="1.5")["services"]["service"]["cpus"] == 1.5
    assert compose(IIAE_MEMORY="2g")["services"]["service"]["mem_limit"] == "2g"


def test_trial_runs_with_the_shipped_threads():
    trial = (ROOT / "docker" / "try.sh").read_text()
    assert not re.search(r"(IIAE_THREADS|OMP_\w+|GOMP_\w+)=", trial)
    assert "unset" in trial and "OMP_NUM_THREADS" in trial


def test_grafana_has_no_account_and_no_password():
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert not any("PASSWORD" in key for key in environment)


def test_ports_are_published_on_loopback_only_and_redis_has_none():
    for name, each in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in each.get("ports", ())), name
    assert "ports" not in SERVICES["redis"]
    assert SERVICES["redis"]["networks"] == ["cache"]
    assert compose()["networks"]["cache"] == {"internal": True}


@pytest.mark.parametrize("name", [*OURS, "redis"])
def test_containers_are_unprivileged_and_read_only(name):
    each = SERVICES[name]
    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert each["user"].partition(":")[0] not in ("", "0", "root")


def test_logs_are_rotated():
    for name, each in SERVICES.items():
        assert {"max-size", "max-file"} <= set(each["logging"]["options"]), name


def test_redis_is_a_bounded_cache_without_persistence():
    words = SERVICES["redis"]["command"]
    assert dict(zip(words[1::2], words[2::2], strict=True)) == {
        "--maxmemory": "256mb",
        "--maxmemory-policy": "allkeys-lru",
        "--save": "",
        "--appendonly": "no",
        "--protected-mode": "no",
    }


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_every_setting_can_be_set_through_compose(name):
    fields = set(Settings.model_fields)
    assert set(SERVICES[name]["environment"]) == variables(fields - IMAGE_SETTINGS)
    assert passed_through(name) == variables(fields - IMAGE_SETTINGS - COMPOSE_SETTINGS)


def test_env_example_lists_every_variable_with_its_default():
    listed = dict(re.findall(r"^#(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    passed = passed_through("service")
    assert set(listed) == set(DEFAULTS) | passed
    assert {key: listed[key] for key in DEFAULTS} == DEFAULTS
    for key in passed - EXAMPLES - set(DEFAULTS):
        default = Settings.model_fields[key.removeprefix("IIAE_").lower()].default
        if isinstance(default, bool):
            assert listed[key] == str(default).lower(), key
        else:
            assert type(default)(listed[key]) == default, key


def test_mounted_files_exist():
    for each in SERVICES.values():
        for mount in each.get("volumes", ()):
            source = mount.partition(":")[0]
            assert source in ("./data", *compose()["volumes"]) or (ROOT / source).exists(), mount


def test_state_can_be_a_folder_of_another_user():
    service = compose(IIAE_STATE="/srv/iiae", IIAE_USER="1000:1000")["services"]["service"]
    assert service["user"] == "1000:1000"
    assert "/srv/iiae:/var/lib/iiae" in service["volumes"]


@pytest.mark.parametrize("name", ["service-gpu", "trainer-gpu"])
def test_gpu_services_reserve_a_gpu(name):
    (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert SERVICES[name]["build"]["args"]["EXTRA"] == "gpu"


def test_compose_accepts_the_file():
    command = installed_compose()
    if command is None:
        pytest.skip("Docker Compose is not installed")
    done = subprocess.run(
        [*command, "-f", str(FILE), "config", "--services"], capture_output=True, text=True, check=True
    )
    assert {"service", "demo", "redis"} <= set(done.stdout.split())


def installed_compose() -> list[str] | None:
    """The command of Compose v2 or v1, None without either."""
    for command in (["docker", "compose"], ["docker-compose"]):
        found = shutil.which(command[0])
        if found and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            return command
    return None
