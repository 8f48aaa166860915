"""The released models in the browser: mouse drawings find real pictures, and samples are translated."""

import math
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsing import Served, draw, settled, until, wait_for_requests
from playwright.sync_api import Page, Route, expect

from service.demo.things import SHIPPED
from service.settings import Settings

THINGS = {
    "umbrella": "2602",
    "cat face": "1F431",
    "bicycle": "1F6B2",
    "house": "1F3E0",
    "tree": "1F333",
    "fish": "1F41F",
    "coffee": "2615",
    "car": "1F697",
    "guitar": "1F3B8",
    "apple": "1F34E",
    "dog face": "1F436",
    "airplane": "2708",
    "scissors": "2702",
    "ice cream": "1F366",
    "snail": "1F40C",
    "key": "1F511",
}
"""The photos of the gallery: label and OpenMoji's code point."""


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    angles = [math.radians(start + (end - start) * step / 12) for step in range(13)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


UMBRELLA = [
    arc(0.5, 0.5, 0.4, 0.36, 180, 360),
    arc(0.235, 0.5, 0.135, 0.07, 180, 360),
    arc(0.5, 0.5, 0.13, 0.07, 180, 360),
    arc(0.765, 0.5, 0.135, 0.07, 180, 360),
    [(0.5, 0.44), (0.5, 0.82), *arc(0.43, 0.82, 0.07, 0.08, 0, 170)],
]
HOUSE = [
    [(0.2, 0.46), (0.2, 0.88), (0.8, 0.88), (0.8, 0.46)],
    [(0.1, 0.52), (0.5, 0.15), (0.9, 0.52)],
    [(0.43, 0.88), (0.43, 0.64), (0.57, 0.64), (0.57, 0.88)],
    [(0.27, 0.54), (0.38, 0.54), (0.38, 0.65), (0.27, 0.65), (0.27, 0.54)],
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a service with the released models and a gallery of sixteen photos."""
    served = Served(Settings(home=Path(tmp_path_factory.mktemp("demo"))))
    address = served.start()
    with httpx.Client(base_url=address, timeout=60) as client:
        client.post("/galleries", json={"name": "things", "model": "sketchy"}).raise_for_status()
        for label, code in THINGS.items():
            picture = (SHIPPED / "openmoji" / f"{code}.webp").read_bytes()
            client.post(
                "/galleries/things/photos", data={"label": label}, files={"image": picture}
            ).raise_for_status()
    yield address
    served.stop()


@pytest.mark.parametrize(("thing", "strokes"), [("umbrella", UMBRELLA), ("house", HOUSE)])
def test_drawing_finds_its_object_first_and_a_link_restores_it(
    blank: Page, demo: str, thing: str, strokes: list[list[tuple[float, float]]]
) -> None:
    blank.goto(demo)
    expect(blank.locator("#status-text")).to_have_text("Ready")
    answers = set()
    for stroke in strokes:
        draw(blank, *stroke)
        expect(blank.locator("#hits li")).to_have_count(len(THINGS))
        answers.add(tuple(settled(blank)))
    assert len(answers) > 1  # hits change while someone draws
    found = settled(blank)
    assert found[0] == thing
    until(blank, "location.hash.includes('drawing=')")
    blank.wait_for_timeout(500)
    other = blank.context.new_page()
    other.goto(blank.url)
    expect(other.locator("#hits .label")).to_have_text(found)


def test_undo_restores_the_hits_of_the_remaining_stroke(blank: Page, demo: str) -> None:
    blank.goto(demo)
    expect(blank.locator("#status-text")).to_have_text("Ready")
    draw(blank, *HOUSE[1])
    expect(blank.locator("#hits li")).to_have_count(len(THINGS))
    roof = settled(blank)
    for stroke in HOUSE[0], HOUSE[2]:
        draw(blank, *stroke)
    expect(blank.locator("#hits .label")).not_to_have_text(roof)
    blank.keyboard.press("Control+z")
    blank.keyboard.press("Control+z")
    expect(blank.locator("#hits .label")).to_have_text(roof)


@pytest.mark.parametrize("model", ["mnist-cdcb", "facades"])
def test_samples_can_be_translated(blank: Page, demo: str, model: str) -> None:
    blank.goto(f"{demo}/#translate")
    blank.locator("#translate-model").select_option(model)
    if model == "facades":  # opens with a photo; this is the other direction
        expect(blank.locator("#translate-meta")).to_have_text("photo → label")
        expect(blank.locator("#translate-results img")).to_have_count(4)
        blank.get_by_label("label → photo").check()
        blank.locator("#translate-image .samples button").first.click()
    results = blank.locator("#translate-results img")
    expect(results).to_have_count(4)
    until(
        blank,
        "[...document.querySelectorAll('#translate-results img')].every((image) => image.naturalWidth >= 64)",
    )


@pytest.mark.parametrize("model", ["mnist-cdcb", "facades"])
def test_analogy_opens_with_an_answered_sample(blank: Page, demo: str, model: str) -> None:
    blank.goto(f"{demo}/#analogy")
    blank.locator("#analogy-model").select_option(model)
    kind = {"mnist-cdcb": "coloured ground", "facades": "photo"}[model]
    expect(blank.locator("#analogy-meta")).to_have_text(kind)
    expect(blank.locator("#analogy-results img")).to_be_visible()


def test_samples_that_arrive_late_do_not_replace_those_of_another_model(blank: Page, demo: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    blank.route("**/samples/facades/*", hold)
    blank.goto(f"{demo}/#analogy")
    blank.locator("#analogy-model").select_option("facades")
    until(blank, "document.querySelector('#analogy-model').value === 'facades'")
    wait_for_requests(blank, held, 2)
    blank.locator("#analogy-model").select_option("mnist-cdcb")
    expect(blank.locator("#analogy-meta")).to_have_text("coloured ground")
    for route in held:
        route.continue_()
    blank.wait_for_timeout(500)
    expect(blank.locator("#analogy-meta")).to_have_text("coloured ground")
    pressed = blank.locator("#analogy-mode .samples [aria-pressed=true]")
    expect(pressed).to_have_count(2)
