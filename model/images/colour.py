"""Converts pictures to sRGB, the colour space of all models and screens, by the profile (ICC) in their files.

`cicp.py` converts those that name their colours by code points.

Phones save Display P3, cameras Adobe RGB, and photo programs ProPhoto. Read as sRGB, their colours are dull.
A profile that is sRGB changes no pixel, so pictures without a profile and pictures in sRGB stay as they are.
"""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

from model.images.cicp import Cicp, cicp_to_srgb

MAX_PROFILE = 4_000_000
"""Maximum number of bytes of a profile; those of printing presses have 3 MB. Larger ones are ignored."""
SAME = 3
"""Largest difference, of 256 levels, up to which a profile counts as sRGB. Programs round it differently."""

Convert: TypeAlias = Callable[[Image.Image], Image.Image]

_GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I;16B"})
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_BROKEN = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


def ink_to_rgb(profile: bytes | None, mode: str) -> Convert | None:
    """Return the conversion of CMYK or Lab pixels to RGB, or None if Pillow's own must do.

    Args:
        profile: the picture's profile. Lab needs none. Without a good one, CMYK is converted by a formula.
        mode: Pillow's mode of the decoded picture.
    """
    try:
        if mode == "LAB":
            return _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")
        if mode == "CMYK" and (opened := _opened(profile)) and _space(opened) == "CMYK":
            return _transform(opened, "CMYK")
    except _BROKEN:
        pass
    return None


def rgb_to_srgb(profile: bytes | Cicp | None, mode: str) -> Convert | None:
    """Return the conversion of RGB pixels to sRGB, or None if they stay as they are.

    It may change them in place.

    Args:
        profile: the picture's profile, for RGB or for grey, or the code points of its colours. A broken one
            changes nothing.
        mode: Pillow's mode of the decoded picture, before it became RGB.
    """
    if mode in {"CMYK", "LAB"}:
        return None
    if isinstance(profile, Cicp):
        return cicp_to_srgb(profile)
    try:
        if (opened := _opened(profile)) is None:
            return None
        if _space(opened) == "RGB":
            transform = ImageCms.buildTransform(
                opened, _srgb(), "RGB", "RGB", renderingIntent=_INTENT, flags=_FLAGS
            )
            return None if _is_same(transform, _colours()) else partial(_apply_in_place, transform)
        if _space(opened) == "GRAY" and mode in _GREY_MODES:
            levels = _transform(opened, "L")(Image.fromarray(np.arange(256, dtype=np.uint8)[None]))
            table = np.asarray(levels)[0]
            if np.abs(table.astype(int) - np.arange(256)[:, None]).max() > SAME:
                return lambda image: image.point(table.T.ravel().tolist())
    except _BROKEN:
        pass
    return None


def _opened(profile: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if not profile or len(profile) > MAX_PROFILE:
        return None
    return ImageCms.ImageCmsProfile(BytesIO(profile))


def _space(profile: ImageCms.ImageCmsProfile) -> str:
    return profile.profile.xcolor_space.strip()


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> Convert:
    """Return the conversion of pixels of a mode to sRGB."""
    built = ImageCms.buildTransform(profile, _srgb(), mode, "RGB", renderingIntent=_INTENT, flags=_FLAGS)

    def convert(image: Image.Image) -> Image.Image:
        converted = ImageCms.applyTransform(image, built)
        assert converted is not None  # it is only None in place
        return converted

    return convert


def _apply_in_place(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    ImageCms.applyTransform(image, transform, inPlace=True)
    return image


def _colours() -> Image.Image:
    """Return a row of 729 colours: each of nine levels of red, green and blue."""
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3))


def _is_same(transform: ImageCms.ImageCmsTransform, colours: Image.Image) -> bool:
    converted = _apply_in_place(transform, colours.copy())
    return bool(np.abs(np.asarray(converted).astype(int) - np.asarray(colours)).max() <= SAME)
