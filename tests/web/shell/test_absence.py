"""What the page says without models, and while the service is away."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsing import IMAGES, Served, add_model, draw, png
from playwright.sync_api import Page, expect

from model.checkpoint_folder import MANIFEST
from service.registry import store
from service.settings import Settings


@pytest.fixture
def bare_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without checkpoints, and none in the package."""
    monkeypatch.setattr(store, "released", lambda: iter(()))
    return tmp_path


@pytest.fixture
def bare_origin(bare_home: Path) -> Iterator[str]:
    served = Served(Settings(home=bare_home))
    yield served.start(ready=False)
    served.stop()


def test_without_models_the_page_says_what_to_do_and_goes_on_when_there_is_one(
    blank: Page, bare_origin: str, bare_home: Path
) -> None:
    blank.goto(bare_origin)
    lead, detail = blank.locator("#sketch-lead"), blank.locator("#sketch-detail")
    expect(lead).to_have_text("The service has no model that searches photos by drawings.")
    expect(detail).to_contain_text("train one (iiae train)")
    expect(blank.locator("#status-text")).to_have_text("No models")
    expect(blank.locator("#sketch-first-photos")).to_be_hidden()
    blank.get_by_role("tab", name="Translate").click()
    expect(blank.locator("#translate-lead")).to_have_text(
        "The service has no model that translates pictures."
    )
    expect(blank.locator("#translate-form")).to_be_hidden()
    add_model(bare_home / "checkpoints", "small-images", IMAGES)
    httpx.post(f"{bare_origin}/models/reload", timeout=30).raise_for_status()
    expect(blank.locator("#status-text")).to_have_text("Ready")
    expect(blank.locator("#translate-form")).to_be_visible()
    expect(blank.locator("#translate-lead")).to_contain_text("Choose a picture.")
    blank.get_by_role("tab", name="Sketch").click()  # the new model does not search by drawings
    expect(lead).to_have_text("The service has no model that searches photos by drawings.")


def test_models_that_cannot_be_loaded_are_not_called_missing(blank: Page, bare_home: Path) -> None:
    add_model(bare_home / "checkpoints", "small-images", IMAGES)
    [manifest] = (bare_home / "checkpoints").glob(f"*/*/{MANIFEST}")
    manifest.write_text("damaged")
    served = Served(Settings(home=bare_home))
    blank.goto(served.start(ready=False))
    expect(blank.locator("#sketch-lead")).to_have_text(
        "No model that searches photos by drawings could be loaded."
    )
    blank.locator("#status-button").click()
    expect(blank.locator("#status-panel")).to_contain_text("Models that could not be loaded")
    served.stop()


def test_the_page_recovers_from_a_restart(blank: Page, bare_home: Path, checkpoints: Path) -> None:
    shutil.copytree(checkpoints, bare_home / "checkpoints")
    first = Served(Settings(home=bare_home))
    origin = first.start()
    with httpx.Client(base_url=origin, timeout=30) as client:
        client.post("/galleries", json={"name": "things", "model": "small-sketches"}).raise_for_status()
        client.post("/galleries/things/photos", files={"image": png(1)}).raise_for_status()
    blank.goto(origin)
    expect(blank.locator("#status-text")).to_have_text("Ready")
    first.stop()
    expect(blank.locator("#status-text")).to_have_text("Not reachable")
    expect(blank.locator("#sketch-detail")).to_have_text("The page tries again every few seconds.")
    draw(blank, (0.2, 0.2), (0.8, 0.2))
    expect(blank.locator("#sketch-lead")).to_contain_text("Your drawing is searched as soon as it is ready.")
    blank.get_by_role("tab", name="Translate").click()
    blank.locator("#translate-image input[type=file]").set_input_files(
        {"name": "1.png", "mimeType": "image/png", "buffer": png(1)}
    )
    expect(blank.locator("#translate-notice")).to_contain_text("cannot be reached")
    second = Served(Settings(home=bare_home), port=int(origin.rsplit(":", 1)[1]))
    second.start()
    expect(blank.locator("#translate-results img")).to_have_count(4)
    expect(blank.locator("#translate-notice")).to_be_hidden()
    blank.get_by_role("tab", name="Sketch").click()
    expect(blank.locator("#hits li")).to_have_count(1)
    second.stop()
