"""Check that each of the page's example drawings finds what it shows.

    python -m benchmarks.page_examples http://127.0.0.1:8000/ [--picture FILE]

Start the service with `make demo`. The examples are drawn in Chromium one by one. The table has the name of
the first hit, and the place of the first right one. A hit is right if its name has the example's as a word.
`--picture` draws the examples with their first hits.
"""

import io
import re
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import Locator, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.page_animation import CHROMIUM, TIMEOUT_MS, wait_for_hits
from benchmarks.shared.contact_sheet import Row, contact_sheet

NAMES = {
    "house": ("house", "home"),
    "bicycle": ("bicycle", "bike"),
    "tree": ("tree",),
    "fish": ("fish",),
    "cup": ("cup", "teacup", "beverage", "mug"),
    "glasses": ("glasses", "sunglasses", "eyeglasses", "spectacles", "goggles"),
    "airplane": ("airplane", "plane"),
    "moon": ("moon",),
    "flower": ("flower", "blossom", "tulip", "rose", "hibiscus"),
    "car": ("car", "automobile"),
    "sun": ("sun",),
}
"""Words that a right hit's name may have, if not only the example's own."""
DELAY_MS = 400
"""Time that the page needs to notice a drawing and to ask for its hits."""
SHOWN = 6
"""Hits of each example in the picture."""


def seen(element: Locator) -> Image.Image:
    """A part of the page as it looks."""
    return Image.open(io.BytesIO(element.screenshot()))


def main(
    address: Annotated[str, typer.Argument(help="URL of the page of a running demo.")],
    picture: Annotated[Path | None, typer.Option(help="Draw the searches to this file.")] = None,
) -> None:
    """Print the table."""
    rows: list[Row] = []
    table = Table("example", "first hit", "its grade", "place of the first right hit")
    first = five = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(reduced_motion="reduce")
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(address)
        page.locator("#gallery option").first.wait_for(state="attached")
        examples: list[str] = page.evaluate(
            'async () => (await import("/static/sketch/examples.js")).EXAMPLE_NAMES'
        )
        for example in examples:
            page.keyboard.press("x")
            page.wait_for_timeout(DELAY_MS)
            wait_for_hits(page)
            names = [name.lower() for name in page.locator("#hits .label").all_inner_texts()]
            grades = page.locator("#hits .score").all_inner_texts()
            words = NAMES.get(example, (example,))
            pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b")
            right = [pattern.search(name) is not None for name in names]
            place = right.index(True) + 1 if any(right) else None
            first, five = first + (place == 1), five + (place is not None and place <= 5)
            if picture is not None:
                hits = page.locator("#hits img")
                rows.append(
                    Row(
                        seen(page.locator("#canvas")),
                        [(seen(hits.nth(number)), right[number]) for number in range(min(SHOWN, len(right)))],
                    )
                )
            table.add_row(example, names[0], grades[0], str(place or f"not in {len(names)}"))
        browser.close()
    if picture is not None:
        contact_sheet(rows).save(picture, quality=85)
    Console(width=110).print(table)
    print(f"{len(examples)} examples: right first {first}, in the first five {five}")


if __name__ == "__main__":
    typer.run(main)
