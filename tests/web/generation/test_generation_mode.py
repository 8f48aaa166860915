"""What Translate and Analogy share."""

import pytest
from browsing import png
from playwright.sync_api import Page, expect


@pytest.mark.parametrize("size", [(390, 844), (820, 1180)])
@pytest.mark.parametrize("mode", ["translate", "analogy"])
def test_the_answered_sample_is_in_sight_on_narrow_screens(
    blank: Page, origin: str, mode: str, size: tuple[int, int]
) -> None:
    index = {"small-images": [{"file": f"{number}.png", "domain": "cd"} for number in range(2)]}
    blank.route("**/static/samples/manifest.json", lambda route: route.fulfill(json=index))
    blank.route(
        "**/static/samples/small-images/*.png",
        lambda route: route.fulfill(body=png(7), content_type="image/png"),
    )
    blank.set_viewport_size({"width": size[0], "height": size[1]})
    blank.goto(f"{origin}/#{mode}")
    result = blank.locator(f"#{mode}-results img").first
    expect(result).to_be_visible()
    expect(result).to_be_in_viewport(ratio=0.8)
    assert blank.evaluate("document.documentElement.scrollWidth") <= size[0]
