"""Colours named by code points (CICP, ITU-T H.273), as HEIC, AVIF and PNG name them instead of a profile.

SDR pictures are converted to sRGB by their primaries. Their curves for cameras (BT.709, BT.2020) count as
sRGB's, as in browsers.

HDR pictures (PQ, HLG) are brighter than a screen. Light of 203 nits is white in SDR (ITU-R BT.2408).
Reinhard's curve (2002, eq. 4) brings 1000 nits to white. It takes the largest of red, green and blue, so that
hues stay:

    L' = L (1 + L / W²) / (1 + L),   W = 1000 / 203
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image

STRIP = 60_000
"""Pixels that are converted at a time."""
SDR_WHITE, HDR_WHITE = 203.0, 1000.0
"""Nits of white in SDR, and those that become white in HDR pictures."""

_D65, _DCI = (0.3127, 0.3290), (0.314, 0.351)
_BT709, _BT2020 = 1, 9
_PRIMARIES = {
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65),  # BT.709 and sRGB
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),  # PAL
    6: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65),  # NTSC
    7: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65),  # the same, of SMPTE 240M
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), _D65),  # BT.2020 and BT.2100
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _DCI),  # DCI-P3
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _D65),  # Display P3
}
"""Chromaticities of red, green, blue and white."""
_PQ, _HLG = 16, 18
_GAMMA = {4: 2.2, 5: 2.8, 8: 1.0}
"""Transfer curves that are powers. The other curves of SDR count as sRGB's."""


@dataclass(frozen=True)
class Cicp:
    """The code points of a picture's colours.

    Args:
        primaries: what red, green, blue and white are. Unknown ones count as sRGB's, or BT.2020's in HDR.
        transfer: the curve from numbers to light.
    """

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        return self.transfer in {_PQ, _HLG}


def cicp_to_srgb(cicp: Cicp) -> Callable[[Image.Image], Image.Image] | None:
    """Return the conversion of RGB pixels to sRGB, in place, or None if they stay as they are."""
    primaries = cicp.primaries if cicp.primaries in _PRIMARIES else _BT2020 if cicp.is_hdr else _BT709
    if primaries == _BT709 and not cicp.is_hdr and cicp.transfer not in _GAMMA:
        return None
    light = _light_of(cicp.transfer)
    to_xyz = _to_xyz(primaries)
    luminance = to_xyz[1]
    to_srgb = np.linalg.inv(_to_xyz(_BT709)) @ to_xyz

    def converted(strip: Image.Image) -> Image.Image:
        rgb = light[np.asarray(strip)]
        if cicp.transfer == _HLG:  # BT.2100's system gamma of a screen of 1000 nits
            rgb *= (rgb @ luminance)[..., None] ** 0.2 * (HDR_WHITE / SDR_WHITE)
        if cicp.is_hdr:
            rgb *= _tone_gain(rgb.max(-1, keepdims=True))
        return Image.fromarray(_srgb_levels(rgb @ to_srgb.T))

    def convert(image: Image.Image) -> Image.Image:
        rows = max(1, STRIP // image.width)
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            image.paste(converted(strip), (0, top))
        return image

    return convert


def _light_of(transfer: int) -> Float[np.ndarray, "256"]:
    """Return the light of each level: 1 is white in SDR, and of HLG the brightest light of the scene."""
    level = np.arange(256) / 255
    if transfer == _PQ:  # SMPTE ST 2084
        root = level ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
            1 / 0.1593017578125
        )
        return nits / SDR_WHITE
    if transfer == _HLG:  # BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    if transfer in _GAMMA:
        return np.power(level, _GAMMA[transfer])
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _tone_gain(brightest: Float[np.ndarray, "h w 1"]) -> Float[np.ndarray, "h w 1"]:
    gain: Float[np.ndarray, "h w 1"] = (1 + brightest * (SDR_WHITE / HDR_WHITE) ** 2) / (1 + brightest)
    return gain


def _srgb_levels(light: Float[np.ndarray, "h w 3"]) -> np.ndarray:
    light = light.clip(0, 1)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (curved * 255).round().astype(np.uint8)


def _to_xyz(primaries: int) -> Float[np.ndarray, "3 3"]:
    """Return the matrix from light in red, green and blue to XYZ in which white is D65.

    DCI-P3's white becomes D65 by scaling XYZ. No other primaries have another white.
    """
    *colours, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in _PRIMARIES[primaries])
    matrix = np.stack(colours, 1)
    x, y = _D65
    scale = np.array([x / y, 1, (1 - x - y) / y]) / white
    to_xyz: Float[np.ndarray, "3 3"] = scale[:, None] * matrix * np.linalg.solve(matrix, white)
    return to_xyz
