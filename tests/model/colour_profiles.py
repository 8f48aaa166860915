"""Colour profiles (ICC, version 2) that tests put into pictures, and what they mean in numbers."""

import struct
from dataclasses import dataclass

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Space:
    """An RGB space: the chromaticities of its primaries and its white, and its gamma."""

    primaries: tuple[tuple[float, float], ...]
    white: tuple[float, float]
    gamma: float

    @property
    def to_xyz(self) -> np.ndarray:
        """The matrix from linear RGB to XYZ at D50 (Bradford)."""
        columns = np.array([_xyz(*point) for point in self.primaries]).T
        white = _xyz(*self.white)
        matrix = columns * np.linalg.solve(columns, white)
        cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
        return np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ matrix

    @property
    def profile(self) -> bytes:
        return self.profile_with(
            b"curv" + bytes(4) + struct.pack(">LH", 1, round(self.gamma * 256)) + bytes(2)
        )

    def profile_with(self, curve: bytes) -> bytes:
        tags = {b"desc": _text(b"desc"), b"cprt": _text(b"text"), b"wtpt": _point(D50)}
        for name, column in zip(b"rgb", self.to_xyz.T, strict=True):
            tags[bytes([name]) + b"XYZ"] = _point(column)
            tags[bytes([name]) + b"TRC"] = curve
        return _file(b"RGB ", tags)


D65, WHITE_D50 = (0.3127, 0.3290), (0.34567, 0.35850)
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = Space(((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), D65, 2.2)
ADOBE_RGB = Space(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), D65, 2.19921875)
PROPHOTO = Space(((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)), WHITE_D50, 1.8)


def in_srgb(pixels: np.ndarray, space: Space) -> np.ndarray:
    """Convert levels 0 to 255 of a space to those of sRGB, with formulas only."""
    srgb = Space(SRGB_PRIMARIES, D65, 2.2)
    linear = (pixels / 255) ** (round(space.gamma * 256) / 256) @ space.to_xyz.T
    linear = (linear @ np.linalg.inv(srgb.to_xyz).T).clip(0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return curved * 255


def coarse_srgb_profile() -> bytes:
    """The profile of sRGB as programs write it: a table for the curve, here of 20 values."""
    levels = np.linspace(0, 1, 20)
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    table = (linear * 65_535).round().astype(">u2").tobytes()
    curve = b"curv" + bytes(4) + struct.pack(">L", len(levels)) + table
    return Space(SRGB_PRIMARIES, D65, 2.2).profile_with(curve)


def grey_profile(gamma: float) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">LH", 1, round(gamma * 256)) + bytes(2)
    tags = {b"desc": _text(b"desc"), b"cprt": _text(b"text"), b"wtpt": _point(D50), b"kTRC": curve}
    return _file(b"GRAY", tags)


def cmyk_profile() -> bytes:
    """Ink of which any is red: a table with two points for each ink. No formula says so."""
    corners = bytearray()
    for number in range(16):
        corners += bytes([255, 128, 128]) if number == 0 else bytes([136, 208, 195])  # white, and a red
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
    table += b"".join(struct.pack(">l", 65_536 * (row == column)) for row in range(3) for column in range(3))
    table += bytes(range(256)) * 4 + bytes(corners) + bytes(range(256)) * 3
    tags = {b"desc": _text(b"desc"), b"cprt": _text(b"text"), b"wtpt": _point(D50), b"A2B0": table}
    return _file(b"CMYK", tags, b"Lab ", b"prtr")


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1, (1 - x - y) / y])


def _point(xyz: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">l", round(value * 65_536)) for value in xyz)


def _text(kind: bytes) -> bytes:
    if kind == b"text":
        return b"text" + bytes(4) + b"none\0"
    return b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(4 + 4 + 2 + 1 + 67)


def _file(
    space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ", kind: bytes = b"mntr"
) -> bytes:
    table, body = struct.pack(">L", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">LL", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">L4sL4s4s4s12s4s24x",
        start + len(body),
        b"test",
        0x02100000,
        kind,
        space,
        connection,
        bytes(12),
        b"acsp",
    )
    header += bytes(4) + b"".join(struct.pack(">l", round(value * 65_536)) for value in D50)
    return header.ljust(128, b"\0") + table + body
