"""Estimates the memory that decoding a picture and preparing it for a model takes, before it is decoded.

`tests/model/images/test_peak.py` compares the estimates with the peaks of real processes. Bytes per pixel
of files of 40 megapixels, measured with Pillow 13:

    PNG, BMP, GIF: palette, grey or 1 bit                        1
    PNG: 16 bits of grey                                         2
    PNG: colour or an alpha channel                              4
    JPEG at full size                                            4
    JPEG, progressive, reduced to an eighth by its decoder       3 (4:2:0), 6 (4:4:4), 8 (CMYK)
    WebP                                                        12 (16 without `model.images.webp`)
    TIFF                                                        as PNG, and its largest strip or tile
    HEIF                                                         8 (4:2:0), 10 (4:4:4), 13 (alpha channel)
    HEIF with 10 bits and an alpha channel                      21
    AVIF                                                         9 (4:2:0), 11 (4:4:4), 13 (alpha channel)

Pillow cannot write AVIF with 10 bits. Its decoder would take 4 bytes per pixel more.
"""

from dataclasses import dataclass
from math import ceil

PREPARING = 16_000_000
"""Bytes to prepare any picture for a model after it was reduced. Normalising a drawing takes the most."""
DECODER = {"WEBP": 8, "HEIF": 12, "AVIF": 12}
"""Bytes per pixel that a format's decoder takes beside the decoded picture. libwebp has two canvases."""
ALPHA_DECODER = {"WEBP": 8, "HEIF": 18, "AVIF": 16}
"""The same for pictures with an alpha channel."""
LARGEST = 16
"""Bytes per pixel of the largest picture that is accepted. Pictures that take more must be smaller."""
COEFFICIENT = 2
"""Bytes of one coefficient of a JPEG."""

_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
"""Bytes per pixel of Pillow's modes. All others take 4, also RGB."""


@dataclass(frozen=True, kw_only=True)
class DecodePlan:
    """How a file is decoded.

    Args:
        file_bytes: size of the file.
        mode: Pillow's mode of the decoded picture.
        width, height: size of the decoded picture. A JPEG's decoder may have reduced it already.
        factor: the factor by which the decoded picture is reduced after that.
        copied: whether the RGB picture is a copy of the decoded picture.
        decoder_bytes: bytes that the decoder takes beside the decoded picture.
    """

    file_bytes: int
    mode: str
    width: int
    height: int
    factor: int
    copied: bool
    decoder_bytes: int

    @property
    def peak(self) -> int:
        """Largest number of bytes in memory at one time."""
        decoded = self.width * self.height * _BYTES.get(self.mode, 4)
        rgb = 4 * ceil(self.width / self.factor) * ceil(self.height / self.factor)
        converting = decoded + rgb if self.copied else decoded
        preparing = 3 * rgb  # turned upright, then copied or resized along one side
        return self.file_bytes + PREPARING + max(decoded + self.decoder_bytes, converting, preparing)


def coefficient_bytes(width: int, height: int, sampling: list[int]) -> int:
    """Return the bytes of all coefficients of a JPEG.

    Args:
        sampling: for each component, its horizontal times its vertical sampling factor.
    """
    largest = max([*sampling, 1])  # a damaged file may have no components, or factors of zero
    return ceil(COEFFICIENT * width * height * sum(sampling) / largest)
