"""The bytes of one cached embedding: little-endian float16 values behind a header with a checksum.

    magic 4s | dimensions B | sizes I... | BLAKE2b-128 of key, header and values 16s | values <f2...

The checksum covers the key too. A value that is stored under the wrong key is therefore rejected.
"""

import hashlib
import struct
from math import prod

import numpy as np
from numpy.typing import NDArray

MAGIC = b"iiE1"
_START = struct.Struct("<4sB")
_CHECKSUM_BYTES = 16
_MAX_DIMENSIONS = 8


class CorruptEntry(Exception):
    """The bytes are not an embedding that was encoded under this key."""


def encode(key: str, values: NDArray[np.float32]) -> bytes:
    """Encode an array of any shape, rounded to float16.

    Raises:
        ValueError: a value is not finite, or outside float16's range (±65,504).
    """
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(values, dtype="<f2")
    if not np.isfinite(half).all():
        raise ValueError("the embedding has values that float16 cannot hold")
    header = _START.pack(MAGIC, values.ndim) + struct.pack(f"<{values.ndim}I", *values.shape)
    payload = half.tobytes()
    return header + _checksum(key, header, payload) + payload


def decode(key: str, encoded: bytes) -> NDArray[np.float32]:
    """Decode the embedding that was encoded under `key` into a new float32 array.

    Raises:
        CorruptEntry: the format, the length or the checksum is wrong.
    """
    try:
        magic, dimensions = _START.unpack_from(encoded)
        if magic != MAGIC or dimensions > _MAX_DIMENSIONS:
            raise CorruptEntry("not an embedding")
        shape = struct.unpack_from(f"<{dimensions}I", encoded, _START.size)
    except struct.error as error:
        raise CorruptEntry("truncated") from error
    header_end = _START.size + 4 * dimensions
    payload_start = header_end + _CHECKSUM_BYTES
    header, checksum, payload = (
        encoded[:header_end],
        encoded[header_end:payload_start],
        encoded[payload_start:],
    )
    if len(payload) != 2 * prod(shape) or checksum != _checksum(key, header, payload):
        raise CorruptEntry("wrong checksum or length")
    return np.frombuffer(payload, dtype="<f2").reshape(shape).astype(np.float32)


def _checksum(key: str, header: bytes, payload: bytes) -> bytes:
    digest = hashlib.blake2b(key.encode(), digest_size=_CHECKSUM_BYTES)
    digest.update(header)
    digest.update(payload)
    return digest.digest()
