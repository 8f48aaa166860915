"""Labels: chips limit the results and the browsed photos, and labels can be changed."""

from collections.abc import Iterator

import httpx
import pytest
from browsing import draw, png, until
from playwright.sync_api import Page, expect


@pytest.fixture
def zoo(page: Page, origin: str) -> Iterator[str]:
    """The URL of a gallery of two cats, two dogs and an owl, which the page shows."""
    url = f"{origin}/galleries/zoo"
    with httpx.Client(timeout=60) as client:
        client.post(f"{origin}/galleries", json={"name": "zoo", "model": "small-sketches"})
        for seed, label in enumerate(("cat", "cat", "dog", "dog", "owl")):
            client.post(
                f"{url}/photos", data={"label": label}, files={"image": png(seed + 70)}
            ).raise_for_status()
        expect(page.locator("#gallery option[value=zoo]")).to_have_text("zoo (5)")
        page.locator("#gallery").select_option("zoo")
        yield url
        client.delete(url)


def test_chips_limit_results_and_photos(page: Page, zoo: str) -> None:
    chips = page.locator("#label-chips button")
    expect(chips).to_have_text(["cat", "dog"])  # labels that only one photo has are not offered
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(5)
    chips.first.click()
    expect(page.locator("#hits .label")).to_have_text(["cat", "cat"])
    expect(chips.first).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Browse").click()
    expect(page.locator("#browse-photos .label")).to_have_text(["cat", "cat"])
    chips.nth(1).click()
    expect(page.locator("#browse-photos .label")).to_have_text(["cat", "cat", "dog", "dog"])
    page.locator("#gallery").select_option("things")
    expect(page.locator("#label-chips")).to_be_hidden()
    expect(page.locator("#browse-photos li")).to_have_count(6)


def test_a_label_is_changed_in_the_viewer(page: Page, zoo: str) -> None:
    page.get_by_role("button", name="Browse").click()
    page.locator("#browse-photos button").last.click()
    page.get_by_role("button", name="Change the label").click()
    field = page.get_by_label("Label", exact=True)
    expect(field).to_have_value("owl")
    field.fill("dog")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#browse-photos .label").last).to_have_text("dog")
    assert [photo["label"] for photo in httpx.get(f"{zoo}/photos").json()["photos"]].count("dog") == 3


def test_a_label_that_is_not_saved_stays(page: Page, zoo: str) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits button").first.click()
    page.get_by_role("button", name="Change the label").click()
    page.get_by_label("Label", exact=True).fill("other")
    page.get_by_role("button", name="Cancel").click()
    labels = [photo["label"] for photo in httpx.get(f"{zoo}/photos").json()["photos"]]
    assert labels == ["cat", "cat", "dog", "dog", "owl"]


def test_of_many_labels_alike_none_is_offered(page: Page, zoo: str) -> None:
    """Twelve of them would be an arbitrary choice."""
    with httpx.Client(timeout=60) as client:
        for number in range(12):
            for seed in range(2):
                picture = png(100 + 2 * number + seed)
                data = {"label": f"thing {number}"}
                client.post(f"{zoo}/photos", data=data, files={"image": picture}).raise_for_status()
    page.reload()
    page.locator("#gallery").select_option("zoo")
    expect(page.locator("#gallery option[value=zoo]")).to_have_text("zoo (29)")
    expect(page.locator("#label-chips")).to_be_hidden()
    with httpx.Client(timeout=60) as client:
        client.post(f"{zoo}/photos", data={"label": "cat"}, files={"image": png(99)}).raise_for_status()
    page.reload()
    page.locator("#gallery").select_option("zoo")
    expect(page.locator("#label-chips button")).to_have_count(12)
    expect(page.locator("#label-chips button").first).to_have_text("cat")


def test_a_link_restores_the_chosen_labels(page: Page, zoo: str) -> None:
    page.locator("#label-chips button").nth(1).click()
    until(page, "location.hash.includes('gallery=zoo') && location.hash.includes('label=dog')")
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits .label")).to_have_text(["dog", "dog"])
    until(page, "location.hash.includes('drawing=')")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#label-chips button[aria-pressed=true]")).to_have_text("dog")
    expect(other.locator("#label-chips button")).to_have_text(["cat", "dog"])
    expect(other.locator("#hits .label")).to_have_text(["dog", "dog"])
    other.evaluate("(link) => { location.href = link; }", page.url.replace("&label=dog", ""))
    expect(other.locator("#hits li")).to_have_count(5)  # this link wants all photos
    expect(other.locator("#label-chips button[aria-pressed=true]")).to_have_count(0)
