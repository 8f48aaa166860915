"""Chromium, and the service with and without keys."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsing import ADMIN_KEY, CHROMIUM, FLAGS, IMAGES, KEY, PHOTOS, SKETCHES, Served, add_model, png
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from service.registry import store
from service.settings import Settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(
        reason=f"Chromium is not installed at {CHROMIUM}; run apt-get install chromium"
    )
    for item in items:
        if not CHROMIUM.exists() and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(missing)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    add_model(folder, "small-images", IMAGES)
    add_model(folder, "small-sketches", SKETCHES)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, checkpoints: Path) -> Path:
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(checkpoints, folder / "checkpoints")
    return folder


@pytest.fixture(scope="module")
def origin(home: Path) -> Iterator[str]:
    """The URL of a service without keys, with one gallery of six photos."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "released", lambda: iter(()))
        served = Served(Settings(home=home))
        address = served.start()
        with httpx.Client(base_url=address, timeout=30) as client:
            client.post("/galleries", json={"name": "things", "model": "small-sketches"}).raise_for_status()
            for seed in range(PHOTOS):
                fields = {"label": f"thing {seed}", "metadata": json.dumps({"colour": f"no. {seed}"})}
                client.post(
                    "/galleries/things/photos", data=fields, files={"image": png(seed)}
                ).raise_for_status()
        yield address
        served.stop()


@pytest.fixture(scope="module")
def locked_origin(home: Path, origin: str) -> Iterator[str]:
    """The URL of a service with keys on the same files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "released", lambda: iter(()))
        served = Served(Settings(home=home, api_keys=KEY, admin_keys=ADMIN_KEY))
        yield served.start()
        served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    def launched(playwright: Playwright) -> Browser:
        return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What the tabs of a module's tests share: the cache of files. The page stores its data for each tab."""
    shared = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    shared.set_default_timeout(15_000)
    yield shared
    shared.close()


@pytest.fixture
def blank(context: BrowserContext) -> Iterator[Page]:
    """An empty tab. The test fails if a script throws an error or violates the content policy."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    for tab in context.pages:
        tab.close()
    context.clear_permissions()
    assert errors == []


@pytest.fixture
def page(blank: Page, origin: str) -> Page:
    """The page after it has loaded the models."""
    blank.goto(origin)
    expect(blank.locator("#status-text")).to_have_text("Ready")
    return blank
