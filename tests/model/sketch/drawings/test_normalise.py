"""Drawings are normalised to the same strokes, whatever their ink, paper, position and size."""

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from drawn import distance, house, shaded
from PIL import Image, ImageDraw, ImageFilter

from model.sketch.drawings import normalise as drawings
from model.sketch.drawings.ink import ink, paper
from model.sketch.drawings.normalise import CANVAS, MARGIN, NoDrawing, normalise
from model.sketch.drawings.strokes import length, smoothed, strokes
from model.sketch.drawings.thinning import thin


def as_jpeg(image: Image.Image) -> Image.Image:
    out = BytesIO()
    image.save(out, "JPEG", quality=30)
    return Image.open(out)


def in_colour(image: Image.Image) -> Image.Image:
    drawn = np.asarray(image.convert("L"))[..., None] < 128
    return Image.fromarray(np.where(drawn, (200, 40, 120), (255, 250, 235)).astype(np.uint8))


def in_a_corner(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(
        image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS), (image.width // 2, 6)
    )
    return sheet


def nearly_white(image: Image.Image) -> Image.Image:
    return Image.fromarray((243 + np.asarray(image) // 21).clip(0, 255).astype(np.uint8))


def on_a_large_canvas(image: Image.Image) -> Image.Image:
    """The drawing takes 6 % of the side."""
    canvas = Image.new("RGB", (2400, 2400), "white")
    canvas.paste(image.resize((240, 240), Image.Resampling.LANCZOS), (1700, 300))
    return canvas


VARIANTS = {
    "grey phone photo": shaded,
    "jpeg at quality 30": as_jpeg,
    "white on black": lambda image: Image.fromarray(255 - np.asarray(image)),
    "coloured pen": in_colour,
    "half size in a corner": in_a_corner,
    "thick": lambda image: image.filter(ImageFilter.MinFilter(7)),
    "faint": lambda image: Image.fromarray((128 + np.asarray(image) // 2).astype(np.uint8)),
    "large": lambda image: house(1200, 14),
    "nearly white pen": nearly_white,
    "6 % of a large canvas": on_a_large_canvas,
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_a_drawing_are_normalised_to_the_same_strokes(variant):
    assert distance(normalise(VARIANTS[variant](house())), normalise(house())) < 2.5


def test_the_ink_fills_the_canvas_up_to_its_margin():
    drawn = np.asarray(normalise(in_a_corner(house()))) < 128
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    assert max(np.ptp(rows), np.ptp(columns)) == pytest.approx(CANVAS * (1 - 2 * MARGIN), abs=5)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(CANVAS / 2, abs=3)


def with_tremor(drawing: Image.Image) -> Image.Image:
    """Move every fourth point of the strokes and drop the others; dots disappear."""
    rng = np.random.default_rng(0)
    lines = thin(np.asarray(drawing.convert("L")) < 128)
    shaky = Image.new("L", drawing.size, 255)
    pen = ImageDraw.Draw(shaky)
    for stroke in strokes(lines):
        moved = stroke[::4] + rng.normal(0, 2, stroke[::4].shape)
        pen.line([(float(x), float(y)) for x, y in moved], 0, 2)
    return shaky


def roughness(drawing: Image.Image) -> float:
    """How much longer the strokes are than the smoothed strokes, as a share."""
    drawn = [stroke for stroke in strokes(thin(np.asarray(drawing) < 128)) if len(stroke) > 20]
    return sum(map(length, drawn)) / sum(length(smoothed(stroke, 6.0)) for stroke in drawn) - 1


def test_trembling_strokes_are_smoothed_and_calm_ones_are_not(monkeypatch):
    calm, shaky = house(), with_tremor(house())
    drawn = {name: normalise(picture) for name, picture in (("calm", calm), ("shaky", shaky))}
    monkeypatch.setattr(drawings, "MAX_TREMOR", np.inf)
    assert drawn["calm"].tobytes() == normalise(calm).tobytes()
    assert roughness(drawn["shaky"]) < 0.6 * roughness(normalise(shaky))
    assert distance(drawn["shaky"], drawn["calm"]) < 4


def test_short_strokes_do_not_count_as_tremor():
    along = np.arange(200, dtype=np.float32)
    shaken = np.stack([along, 100 + np.random.default_rng(0).normal(0, 1, 200)], 1).astype(np.float32)
    marks = [shaken[start : start + 3] for start in range(0, 180, 2)]
    assert drawings._tremor([shaken, *marks]) == drawings._tremor([shaken]) > drawings.MAX_TREMOR
    assert drawings._tremor(marks) == 0


def test_dots_are_kept_when_strokes_are_smoothed():
    face = Image.new("L", (256, 256), 255)
    ImageDraw.Draw(face).ellipse((20, 20, 236, 236), outline=0, width=3)
    face = with_tremor(face)
    ImageDraw.Draw(face).ellipse((93, 98, 99, 104), fill=0)
    drawn = np.asarray(normalise(face)) < 128
    rows, columns = np.nonzero(drawn[60:140, 60:140])
    assert len(rows) >= 4
    x, y = (MARGIN + (1 - 2 * MARGIN) * (place - 20) / 217 for place in (96, 101))
    assert (columns.mean() + 60, rows.mean() + 60) == pytest.approx((CANVAS * x, CANVAS * y), abs=6)


def test_a_drawing_of_dots_keeps_its_shape():
    dots = Image.new("L", (CANVAS, CANVAS), 255)
    places = [
        (128 + 90 * np.cos(turn), 128 + 90 * np.sin(turn))
        for turn in np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ]
    for x, y in places:
        ImageDraw.Draw(dots).rectangle((round(x), round(y), round(x) + 1, round(y) + 1), 0)
    rows, columns = np.nonzero(np.asarray(normalise(dots)) < 128)
    away = np.hypot(rows - CANVAS / 2, columns - CANVAS / 2)
    assert abs(away - CANVAS * (0.5 - MARGIN)).max() < 6
    assert len(np.unique(np.arctan2(rows - CANVAS / 2, columns - CANVAS / 2).round(1))) > 50  # all around


def test_a_speck_on_large_paper_is_no_drawing():
    sheet = Image.new("RGB", (2000, 2000), "white")
    ImageDraw.Draw(sheet).rectangle((900, 900, 915, 915), "black")
    with pytest.raises(NoDrawing, match="no ink"):
        normalise(sheet)


def test_specks_are_removed():
    dirty = house()
    for x, y in np.random.default_rng(0).integers(0, 256, (40, 2)):
        dirty.putpixel((int(x), int(y)), (90, 90, 90))
    assert distance(normalise(dirty), normalise(house())) < 1


def test_thinning_leaves_connected_lines_of_one_pixel():
    from scipy.ndimage import label

    lines = thin(np.asarray(house(width=9).convert("L")) < 128)
    assert label(lines, np.ones((3, 3)))[1] == 1
    solid = lines[:-1, :-1] & lines[1:, :-1] & lines[:-1, 1:] & lines[1:, 1:]
    assert solid.sum() <= 2
    assert np.array_equal(thin(lines), lines)


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (Image.new("RGB", (200, 200), "white"), "no ink"),
        (Image.new("RGB", (200, 200), "black"), "no ink"),
        (shaded(Image.new("RGB", (200, 200), "white")), "no ink"),
    ],
)
def test_sheets_without_ink_are_refused(sheet, message):
    with pytest.raises(NoDrawing, match=message):
        normalise(sheet)


def test_sheets_of_ink_are_refused():
    sheet = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(sheet).rectangle((12, 12, 188, 188), fill="black")
    with pytest.raises(NoDrawing, match="all ink"):
        ink(sheet)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (17, 9)])
def test_pictures_of_any_size_are_normalised_or_refused(size):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    with suppress(NoDrawing):
        assert normalise(noise).size == (CANVAS, CANVAS)


@pytest.mark.parametrize(
    "light", [lambda x, y: x * x, lambda x, y: x * y, lambda x, y: y * y, lambda x, y: x - y]
)
def test_the_papers_colour_is_found_in_uneven_light_and_beneath_ink(light):
    y, x = np.meshgrid(np.linspace(-1, 1, 120), np.linspace(-1, 1, 160), indexing="ij")
    lit = np.stack([0.6 + 0.15 * light(x, y), 0.5 + 0.1 * light(x, y), 0.4 - 0.1 * light(x, y)]).astype(
        np.float32
    )
    drawn = lit.copy()
    drawn[:, 40:80, 50:54] = 0
    np.testing.assert_allclose(paper(drawn), lit, atol=0.01)


def test_removing_specks_keeps_the_inks_soft_edges():
    soft = house().resize((200, 200), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))
    dirty = soft.copy()
    dirty.putpixel((8, 8), (0, 0, 0))
    found, cleaned = ink(soft), ink(dirty)
    assert ((found > 0) & (found < 0.5)).sum() > 100
    assert cleaned[5:12, 5:12].max() == 0
    np.testing.assert_allclose(cleaned, found, atol=0.1)
