"""Colours that HEIC, AVIF and PNG files name by code points (CICP) look right in sRGB."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from colour_profiles import DISPLAY_P3, in_srgb
from picture_files import NOISE, pixels, saved
from PIL import Image

from model.images.cicp import STRIP, Cicp, cicp_to_srgb
from model.images.decode import decoded

SRGB, PQ, HLG = 13, 16, 18
TO_SRGB = {
    1: np.eye(3),
    9: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],  # ITU-R BT.2087
    12: [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]],  # CSS Color 4
}
"""Published matrices, from light in the primaries to light in sRGB's."""
KINDS = ["HEIF", "AVIF", "PNG"]


def tagged(image: Image.Image, kind: str, primaries: int, transfer: int, **options) -> bytes:
    """Encode a picture, whose file says which colours its numbers are."""
    if kind == "HEIF":
        return saved(
            image,
            kind,
            quality=95,
            save_nclx_profile=True,
            color_primaries=primaries,
            transfer_characteristics=transfer,
            matrix_coefficients=6,
            full_range_flag=1,
            **options,
        )
    data = saved(image, kind, **options)
    if kind == "AVIF":  # Pillow writes nclx: sRGB, or unspecified beside a profile
        own = b"colrnclx\0\2\0\2" if "icc_profile" in options else b"colrnclx\0\1\0\r"
        assert own in data
        return data.replace(own, b"colrnclx" + struct.pack(">HH", primaries, transfer))
    chunk = b"cICP" + bytes([primaries, transfer, 0, 1])
    return data[:33] + struct.pack(">L", 4) + chunk + struct.pack(">L", zlib.crc32(chunk)) + data[33:]


def shown(data: bytes, **options) -> np.ndarray:
    with decoded(data, max_pixels=10**8, **options) as image:
        return pixels(image.picture)


def level_of(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def expected(levels: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """The levels of sRGB, by formulas only."""
    value = levels / 255
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = value ** (1 / m2)
        light = 10_000 / 203 * (np.clip(root - c1, 0, None) / (c2 - c3 * root)) ** (1 / m1)
    elif transfer == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
        light = 1000 / 203 * scene * (scene @ [0.2627, 0.678, 0.0593])[..., None] ** 0.2
    else:
        light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    if transfer in {PQ, HLG}:
        brightest, white = light.max(-1, keepdims=True), 1000 / 203
        light = light * (1 + brightest / white**2) / (1 + brightest)
    return level_of(light @ np.transpose(TO_SRGB[primaries]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("primaries", "transfer"), [(12, SRGB), (9, SRGB), (9, PQ), (9, HLG), (12, PQ)])
def test_named_colours_become_srgb(kind, primaries, transfer):
    plain = shown(tagged(NOISE, kind, 1, SRGB))
    result = shown(tagged(NOISE, kind, primaries, transfer))
    assert np.abs(result - expected(plain, primaries, transfer)).max() <= 1
    assert np.abs(result - plain).max() > 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", [(1, SRGB), (1, 1), (2, 2), (1, 6), (0, 0), (200, 200)])
def test_srgb_and_unknown_colours_change_no_pixel(kind, code):
    if kind == "HEIF" and code[0] in {0, 200}:
        pytest.skip("the encoder refuses unknown codes")
    plain = saved(NOISE, kind, **({"quality": 95} if kind == "HEIF" else {}))
    assert np.array_equal(shown(tagged(NOISE, kind, *code)), shown(plain))


@pytest.mark.parametrize("transfer", [1, 6, 14, 15])
def test_curves_of_cameras_count_as_srgb(transfer):
    result = shown(tagged(NOISE, "PNG", 9, transfer))
    assert np.abs(result - expected(pixels(NOISE), 9, SRGB)).max() <= 1


@pytest.mark.parametrize(("transfer", "gamma"), [(4, 2.2), (5, 2.8), (8, 1.0)])
def test_curves_that_are_powers(transfer, gamma):
    result = shown(tagged(NOISE, "PNG", 1, transfer))
    assert np.abs(result - level_of((pixels(NOISE) / 255) ** gamma)).max() <= 0.51


@pytest.mark.parametrize("primaries", [1, 5, 6, 7, 9, 11, 12])
def test_white_and_grey_stay_without_colour(primaries):
    ramp = Image.linear_gradient("L").convert("RGB")
    assert np.abs(shown(tagged(ramp, "PNG", primaries, SRGB)) - pixels(ramp)).max() <= 1


@pytest.mark.parametrize(
    ("transfer", "level", "nits"),
    [(PQ, 0.5807, 203), (PQ, 0.5081, 100), (PQ, 0.7518, 1000), (HLG, 0.75, 203)],
)
def test_light_of_hdr_levels(transfer, level, nits):
    """Levels and nits of ITU-R BT.2408. The tone curve is by hand."""
    grey = Image.new("RGB", (32, 32), (round(255 * level),) * 3)
    light = nits / 203
    toned = light * (1 + light / (1000 / 203) ** 2) / (1 + light)
    assert np.abs(shown(tagged(grey, "PNG", 9, transfer)) - level_of(np.array(toned))).max() <= 3


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_is_never_inverted_or_washed_out(transfer):
    ramp = Image.linear_gradient("L").convert("RGB")
    levels = shown(tagged(ramp, "PNG", 9, transfer))[:, 0]
    assert (np.diff(levels, axis=0) >= 0).all() and np.ptp(levels, axis=1).max() <= 1
    assert levels[0].max() == 0 and levels[-1].min() == 255


def test_hdr_without_primaries_is_bt2020():
    assert np.array_equal(shown(tagged(NOISE, "PNG", 2, PQ)), shown(tagged(NOISE, "PNG", 9, PQ)))


def test_ten_bits_of_a_phone():
    deep = np.asarray(NOISE, dtype=np.uint16) * 257
    out, plain = BytesIO(), BytesIO()
    for file, code in ((out, (9, HLG)), (plain, (1, SRGB))):
        pillow_heif.encode(
            "RGB;16",
            NOISE.size,
            deep.tobytes(),
            file,
            quality=95,
            save_nclx_profile=True,
            color_primaries=code[0],
            transfer_characteristics=code[1],
            matrix_coefficients=9,
            full_range_flag=1,
        )
    assert np.abs(shown(out.getvalue()) - expected(shown(plain.getvalue()), 9, HLG)).max() <= 1


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_profile_goes_before_nclx(kind):
    data = tagged(NOISE, kind, 9, PQ, icc_profile=DISPLAY_P3.profile)
    plain = shown(tagged(NOISE, kind, 1, SRGB))
    assert np.abs(shown(data) - in_srgb(plain, DISPLAY_P3)).max() <= 1


def test_cicp_goes_before_a_profile_in_png():
    data = tagged(NOISE, "PNG", 12, SRGB, icc_profile=DISPLAY_P3.profile)
    assert np.array_equal(shown(data), shown(tagged(NOISE, "PNG", 12, SRGB)))


def test_a_short_chunk_is_ignored():
    data, whole, short = tagged(NOISE, "PNG", 12, SRGB), b"cICP\x0c\r\0\1", b"cICP\x0c\r\0"
    at = data.index(whole)
    crc = struct.pack(">L", zlib.crc32(short))
    cut = data[: at - 4] + struct.pack(">L", 3) + short + crc + data[at + len(whole) + 4 :]
    assert np.array_equal(shown(cut), pixels(NOISE))


def test_an_animation_has_the_colours_of_its_first_frame():
    frames = {"save_all": True, "append_images": [NOISE.rotate(180)], "duration": 100}
    plain = shown(tagged(NOISE, "AVIF", 1, SRGB, **frames))
    assert np.abs(shown(tagged(NOISE, "AVIF", 12, SRGB, **frames)) - expected(plain, 12, SRGB)).max() <= 1


@pytest.mark.parametrize("main", [0, 1, 2])
def test_of_a_burst_the_main_picture_and_its_colours_count(main):
    pictures = [Image.new("RGB", (64, 48), colour) for colour in ("#c04020", "#20a050", "#3050c0")]
    codes = [(1, SRGB), (12, SRGB), (9, SRGB)]
    burst = pillow_heif.HeifFile()
    for picture, (primaries, transfer) in zip(pictures, codes, strict=True):
        added = burst.add_from_pillow(picture)
        added.info["nclx_profile"] = {
            "color_primaries": primaries,
            "transfer_characteristics": transfer,
            "matrix_coefficients": 6,
            "full_range_flag": 1,
        }
    out = BytesIO()
    burst.save(out, quality=-1, primary_index=main, save_nclx_profile=True)
    assert np.abs(shown(out.getvalue()) - expected(pixels(pictures[main]), *codes[main])).max() <= 3


@pytest.mark.parametrize("kind", KINDS)
def test_transparency_stays_white(kind):
    clear = NOISE.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 64, 96))
    result = shown(tagged(clear, kind, 9, PQ))
    assert result[:, :56].min() >= 254
    assert np.abs(result[:, 72:] - expected(shown(tagged(clear, kind, 1, SRGB))[:, 72:], 9, PQ)).max() <= 1


def test_pictures_larger_than_a_strip():
    large = NOISE.resize((400, 300))
    assert STRIP < 400 * 300
    assert np.abs(shown(tagged(large, "PNG", 12, SRGB)) - expected(pixels(large), 12, SRGB)).max() <= 1


def test_grey_follows_the_curve():
    grey = NOISE.convert("L")
    result = shown(tagged(grey, "PNG", 9, PQ))
    assert np.abs(result - expected(pixels(grey.convert("RGB")), 9, PQ)).max() <= 1


def test_srgb_needs_no_conversion():
    assert cicp_to_srgb(Cicp(1, SRGB)) is None and cicp_to_srgb(Cicp(12, SRGB)) is not None
