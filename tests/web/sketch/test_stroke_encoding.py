"""Strokes as the text of a link."""

import json
import random

from playwright.sync_api import Page


def test_encoding_is_lossless_and_short(page: Page) -> None:
    rng = random.Random(0)
    strokes = []
    for number in range(40):
        x, y, points = rng.uniform(-20, 500), rng.uniform(0, 512), []
        for _ in range(rng.choice([1, 2, 60])):
            x, y = x + rng.uniform(-9, 9), y + rng.uniform(-3, 40 if number % 5 == 0 else 3)
            points.append(
                {"x": round(2 * x) / 2, "y": round(2 * y) / 2, "width": rng.choice([7, 7, 7, 12.25])}
            )
        strokes.append({"kind": "stroke", "ink": "eraser" if number % 7 == 0 else "pen", "points": points})
    script = """async (strokes) => {
        const { encodeStrokes, decodeStrokes } = await import("/static/sketch/stroke-encoding.js");
        const text = encodeStrokes(strokes);
        return [text, decodeStrokes(text)];
    }"""
    text, decoded = page.evaluate(script, strokes)
    assert decoded == strokes
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(text) < len(json.dumps(strokes)) / 9
