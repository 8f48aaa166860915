"""The colour profile (ICC) of Adobe RGB (1998). Cameras name this space in EXIF data, without a profile."""

import struct

_PRIMARIES = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
"""XYZ of pure red, green and blue, at the white of profiles."""
_WHITE = (0.9642, 1.0, 0.8249)
_GAMMA = 563  # in 256ths: 2.19921875


def _profile() -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">LH", 1, _GAMMA) + bytes(2)
    description = b"desc" + bytes(4) + struct.pack(">L", 10) + b"Adobe RGB\0" + bytes(78)
    tags = {b"desc": description, b"cprt": b"text" + bytes(4) + b"CC0\0", b"wtpt": _xyz(_WHITE)}
    tags |= {name: _xyz(colour) for name, colour in _PRIMARIES.items()}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    at, table, body = 132 + 12 * len(tags), struct.pack(">L", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">LL", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    kind = struct.pack(">L4s4s4s", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header = struct.pack(">L4x", at + len(body)) + kind + bytes(12) + b"acsp" + bytes(28) + _xyz(_WHITE)[8:]
    return header.ljust(128, b"\0") + table + body


def _xyz(colour: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">l", round(value * 65_536)) for value in colour)


ADOBE_RGB = _profile()
