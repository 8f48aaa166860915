"""Reads the orientation from EXIF data, and nothing else of it."""

import re
import struct

_TIFF = re.compile(rb"(?:Exif\0\0){0,2}(II\*\0|MM\0\*)")
_ORIENTATION = (0x0112, 3, 1)  # the tag, the type (short) and the count


def exif_orientation(block: bytes) -> int:
    """Return the orientation, 1 to 8, from the first directory of an EXIF block; 1 if there is none."""
    if (tiff := _TIFF.match(block)) is None:
        return 1
    order, start = ("<" if tiff[1].startswith(b"I") else ">"), tiff.start(1)
    try:
        directory = start + struct.unpack_from(f"{order}L", block, start + 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", block, directory)[0]):
            *header, value = struct.unpack_from(f"{order}HHLH", block, directory + 2 + 12 * entry)
            if tuple(header) == _ORIENTATION:
                return value if value in range(1, 9) else 1
    except struct.error:  # an offset points beyond the block
        pass
    return 1
