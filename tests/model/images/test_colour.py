"""Pictures in other colour spaces look right in sRGB. Pictures in sRGB keep every pixel."""

import zlib
from io import BytesIO

import numpy as np
import pytest
from colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    cmyk_profile,
    coarse_srgb_profile,
    grey_profile,
    in_srgb,
)
from picture_files import NOISE, pixels, saved
from PIL import Image, ImageCms

from model.images.colour import MAX_PROFILE, SAME
from model.images.conversion import STRIP
from model.images.decode import LARGE, decoded

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def shown(data: bytes, **options) -> np.ndarray:
    with decoded(data, max_pixels=10**8, **options) as image:
        return pixels(image.picture)


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB, PROPHOTO], ids=["p3", "adobe", "prophoto"])
def test_wide_colours_become_srgb(kind, space):
    data = saved(NOISE, kind, icc_profile=space.profile, **LOSSLESS[kind])
    expected = in_srgb(pixels(NOISE), space)
    assert np.abs(shown(data) - expected).max() <= 1
    assert np.abs(expected - pixels(NOISE)).max() > 50


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "AVIF"])
def test_wide_colours_of_lossy_files_become_srgb(kind):
    plain, wide = (shown(saved(NOISE, kind, icc_profile=icc)) for icc in (None, PROPHOTO.profile))
    assert np.abs(wide - in_srgb(plain, PROPHOTO)).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG", "HEIF", "AVIF"])
def test_srgb_changes_no_pixel(kind):
    assert np.array_equal(shown(saved(NOISE, kind, icc_profile=SRGB)), shown(saved(NOISE, kind)))


def test_a_coarse_profile_of_srgb_changes_no_pixel():
    levels, profile = Image.linear_gradient("L").convert("RGB"), coarse_srgb_profile()
    own = ImageCms.profileToProfile(levels, BytesIO(profile), ImageCms.createProfile("sRGB"))
    assert 1 <= np.abs(pixels(own) - pixels(levels)).max() <= SAME
    assert np.array_equal(shown(saved(levels, "PNG", icc_profile=profile)), pixels(levels))


@pytest.mark.parametrize("profile", [b"broken", b"", SRGB[:200], DISPLAY_P3.profile[:300], cmyk_profile()])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_broken_profiles_and_those_of_other_colours_change_nothing(kind, profile):
    assert np.array_equal(shown(saved(NOISE, kind, icc_profile=profile)), shown(saved(NOISE, kind)))


def test_a_profile_that_inflates_without_end_is_ignored():
    data = saved(NOISE, "PNG", icc_profile=DISPLAY_P3.profile + bytes(MAX_PROFILE))
    assert len(data) < 100_000
    assert np.array_equal(shown(data), shown(saved(NOISE, "PNG")))


def test_damaged_compression_of_a_profile_is_ignored():
    data = saved(NOISE, "PNG", icc_profile=DISPLAY_P3.profile)
    at = data.index(zlib.compress(DISPLAY_P3.profile)[:8])
    assert np.array_equal(shown(data[:at] + b"garbage!" + data[at + 8 :]), shown(saved(NOISE, "PNG")))


def test_a_profile_in_several_parts_is_joined():
    profile = DISPLAY_P3.profile + bytes(200_000)  # a segment of a JPEG holds 64 kB
    assert np.array_equal(
        shown(saved(NOISE, "JPEG", icc_profile=profile)),
        shown(saved(NOISE, "JPEG", icc_profile=DISPLAY_P3.profile)),
    )


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_follows_its_profile(mode):
    grey = NOISE.convert(mode)
    expected = in_srgb(np.repeat(pixels(grey.convert("L"))[..., None], 3, 2), DISPLAY_P3)
    result = shown(saved(grey, "PNG", icc_profile=grey_profile(DISPLAY_P3.gamma)))
    assert np.abs(result - expected).max() <= 1


def test_deep_grey_follows_its_profile():
    deep = Image.fromarray(np.arange(65_536, dtype=np.uint16).reshape(256, 256))
    result = shown(saved(deep, "PNG", icc_profile=grey_profile(1.8)))
    levels = (pixels(deep) / 257).round()[..., None].repeat(3, 2)
    assert np.abs(result - in_srgb(levels, PROPHOTO)).max() <= 1.5


def test_grey_and_palettes_follow_profiles_of_colours():
    palette = NOISE.quantize(32)
    for image in (palette, NOISE.convert("L")):
        expected = in_srgb(pixels(image.convert("RGB")), PROPHOTO)
        assert np.abs(shown(saved(image, "PNG", icc_profile=PROPHOTO.profile)) - expected).max() <= 1


def test_transparency_stays_white():
    clear = NOISE.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 64, 96))
    result = shown(saved(clear, "PNG", icc_profile=PROPHOTO.profile))
    assert (result[:, :64] == 255).all()
    assert np.abs(result[:, 64:] - in_srgb(pixels(NOISE)[:, 64:], PROPHOTO)).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_follow_their_profile(kind):
    ink = Image.new("CMYK", (32, 32), (255, 0, 0, 0))  # cyan, of which the profile makes red
    ink.paste((0, 0, 0, 0), (16, 0, 32, 32))
    result = shown(saved(ink, kind, icc_profile=cmyk_profile()))
    assert np.abs(result[16, 4] - [255, 0, 0]).max() <= 12
    assert result[16, 28].min() >= 250
    plain = shown(saved(ink, kind))
    assert np.abs(plain[16, 4] - [0, 255, 255]).max() <= 12
    assert np.array_equal(shown(saved(ink, kind, icc_profile=SRGB)), plain)


def test_large_pictures_are_converted_after_they_are_reduced():
    side = 2_100
    assert side * side > LARGE > STRIP
    large = NOISE.resize((side, side), Image.Resampling.NEAREST)
    data = saved(large, "PNG", icc_profile=DISPLAY_P3.profile, compress_level=1)
    reduced = shown(saved(large, "PNG", compress_level=1), smallest=96)
    assert reduced.shape == (100, 100, 3)
    assert np.abs(shown(data, smallest=96) - in_srgb(reduced, DISPLAY_P3)).max() <= 1


def test_the_picture_that_is_not_copied_is_converted_in_place():
    data = saved(NOISE, "JPEG", icc_profile=DISPLAY_P3.profile)
    own = Image.open(BytesIO(data)).convert("RGB")
    assert np.abs(shown(data) - in_srgb(pixels(own), DISPLAY_P3)).max() <= 1


@pytest.mark.parametrize("index", ["R03", "R98"])
def test_adobe_rgb_is_recognised_by_its_name_in_exif(index):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: index}
    plain, named = shown(saved(NOISE, "JPEG")), shown(saved(NOISE, "JPEG", exif=exif))
    expected = in_srgb(plain, ADOBE_RGB) if index == "R03" else plain
    assert np.abs(named - expected).max() <= 1
    profiled = saved(NOISE, "JPEG", exif=exif, icc_profile=DISPLAY_P3.profile)
    assert np.abs(shown(profiled) - in_srgb(plain, DISPLAY_P3)).max() <= 1
