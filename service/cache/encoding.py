"""An embedding as bytes, as the caches hold it: little-endian float16 behind a header that tells garbage apart.

    magic 4s | dimensions B | sizes I... | BLAKE2b-128 of key, header and values 16s | values <f2...

The key takes part in the checksum, so that a value that landed under another key is not believed either.
"""

import hashlib
import struct
from math import prod

import numpy as np
from numpy.typing import NDArray

MAGIC = b"iiE1"
_START = struct.Struct("<4sB")
_CHECKSUM_BYTES = 16
_MOST_DIMENSIONS = 8


class CorruptEntry(Exception):
    """These bytes are not an embedding that was encoded under this key."""


def encode(key: str, values: NDArray[np.float32]) -> bytes:
    """The bytes for `values` of any shape, rounded to float16.

    Raises:
        ValueError: a value is not finite, or not in float16's range (+-65,504).
    """
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(values, dtype="<f2")
    if not np.isfinite(half).all():
        raise ValueError("an embedding with values that float16 cannot hold")
    header = _START.pack(MAGIC, values.ndim) + struct.pack(f"<{values.ndim}I", *values.shape)
    payload = half.tobytes()
    return header + _checksum(key, header, payload) + payload


def decode(key: str, encoded: bytes) -> NDArray[np.float32]:
    """What was encoded under `key`, as a new float32 array.

    Raises:
        CorruptEntry: anything does not fit.
    """
    try:
        magic, dimensions = _START.unpack_from(encoded)
        if magic != MAGIC or dimensions > _MOST_DIMENSIONS:
            raise CorruptEntry("not an embedding")
        shape = struct.unpack_from(f"<{dimensions}I", encoded, _START.size)
    except struct.error as error:
        raise CorruptEntry("cut short") from error
    end = _START.size + 4 * dimensions
    header, checksum, payload = (
        encoded[:end],
        encoded[end : end + _CHECKSUM_BYTES],
        encoded[end + _CHECKSUM_BYTES :],
    )
    if len(payload) != 2 * prod(shape) or checksum != _checksum(key, header, payload):
        raise CorruptEntry("the checksum or the length is wrong")
    return np.frombuffer(payload, dtype="<f2").reshape(shape).astype(np.float32)


def _checksum(key: str, header: bytes, payload: bytes) -> bytes:
    digest = hashlib.blake2b(key.encode(), digest_size=_CHECKSUM_BYTES)
    digest.update(header)
    digest.update(payload)
    return digest.digest()
