"""The service runs without the packages that its image leaves out; training says what to install."""

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
UNINSTALL = re.compile(r"uninstall --quiet --yes ([^&]+)")
IMPORT_HOOK = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {modules} else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def left_out() -> set[str]:
    """Modules of the packages that the Dockerfile uninstalls, and of two extras."""
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    uninstalled = UNINSTALL.search(dockerfile)
    assert uninstalled is not None
    extras = project()["optional-dependencies"]
    not_installed = [re.split(r"[>=]", line)[0] for line in (*extras["train"], *extras["parquet"])]
    distributions = {normalised(name) for name in [*uninstalled[1].split(), *not_installed]}
    return {
        module
        for module, owners in packages_distributions().items()
        if any(normalised(owner) in distributions for owner in owners)
    }


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """A PYTHONPATH with which the modules that the image lacks cannot be imported."""
    folder = tmp_path_factory.mktemp("without")
    modules = repr(sorted(left_out()))
    (folder / "sitecustomize.py").write_text(IMPORT_HOOK.replace("{modules}", modules))
    return os.pathsep.join([str(folder), str(ROOT)])


def test_left_out_modules_are_found_in_the_dockerfile_and_the_extras():
    expected = {"sympy", "networkx", "lightning_fabric", "tensorboard", "jinja2", "fsspec", "resvg_py"}
    assert expected <= left_out()


def test_service_runs_without_the_left_out_packages(tmp_path, without):
    publish_tiny(tmp_path)
    publish_sketch(tmp_path)
    server = Server(tmp_path, PYTHONPATH=without).ready()
    try:
        check_images(server)
        check_search(server)
    finally:
        server.stop()


def check_images(server: Server) -> None:
    for path, files, data in (
        ("/translate", {"image": png()}, {"model": "tiny", "samples": "2"}),
        ("/embed", {"image": png()}, {"model": "facades"}),
        ("/analogy", {"image": png(), "reference": png(1)}, {"model": "tiny"}),
    ):
        assert server.client.post(path, files=files, data=data).status_code == 200, path


def check_search(server: Server) -> None:
    for model in ("sketchy", "drawn"):
        server.client.post("/galleries", json={"name": model, "model": model}).raise_for_status()
        photos = [("image", png(seed)) for seed in range(3)]
        server.client.post(f"/galleries/{model}/photos", files=photos).raise_for_status()
    sketch = (ROOT / "docs" / "umbrella.png").read_bytes()
    answer = server.client.post("/sbir/search", files={"sketch": sketch}, data={"gallery": "sketchy"})
    assert len(answer.json()["hits"]) == 3
    assert len(server.client.get("/galleries/drawn/photos/1/similar").json()["hits"]) == 2


def test_training_without_its_packages_says_what_to_install(tmp_path, without):
    words = ["train", "facades", "--reader", "synthetic", "--data", str(tmp_path), "--home", str(tmp_path)]
    finished = subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env={**os.environ, "PYTHONPATH": without},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (finished.returncode, "iiae[train]" in finished.stderr) == (2, True), finished.stderr
    assert "Traceback" not in finished.stderr


def test_loading_a_checkpoint_does_not_import_torchs_compiler():
    source = (
        "import sys, pathlib; from model.checkpoint import load_parts; "
        "[load_parts(folder) for folder in pathlib.Path('model/pretrained').iterdir()]; "
        "print(sorted({'torch._dynamo', 'sympy'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True)
    assert finished.stdout == "[]\n", finished.stderr
