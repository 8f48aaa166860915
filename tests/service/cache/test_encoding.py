"""The encoding of embeddings: a round trip rounds to float16, and corrupt bytes are rejected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from service.cache.encoding import CorruptEntry, decode, encode

embeddings = arrays(
    np.float32,
    array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    elements=st.floats(-6e4, 6e4, width=32),
)


@given(embeddings)
def test_round_trip_rounds_to_float16_and_keeps_the_shape(values: np.ndarray) -> None:
    decoded = decode("key", encode("key", values))
    np.testing.assert_array_equal(decoded, values.astype(np.float16).astype(np.float32))
    assert decoded.dtype == np.float32
    assert decoded.shape == values.shape
    assert decoded.flags.writeable


def test_the_values_are_little_endian_float16() -> None:
    assert encode("key", np.array([1.0, -2.0], np.float32)).endswith(bytes.fromhex("003c00c0"))


@given(embeddings, st.data())
def test_any_flipped_bit_or_truncation_is_rejected(values: np.ndarray, data: st.DataObject) -> None:
    encoded = encode("key", values)
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    flipped = bytearray(encoded)
    flipped[bit // 8] ^= 1 << bit % 8
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    for damaged in (bytes(flipped), cut, encoded + b"\0"):
        with pytest.raises(CorruptEntry):
            decode("key", damaged)


@given(st.binary(max_size=200))
def test_random_bytes_are_rejected(garbage: bytes) -> None:
    with pytest.raises(CorruptEntry):
        decode("key", garbage)


def test_a_value_under_another_key_is_rejected() -> None:
    with pytest.raises(CorruptEntry):
        decode("other", encode("key", np.ones(3, np.float32)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 70_000.0])
def test_values_outside_float16_are_refused(value: float) -> None:
    with pytest.raises(ValueError):
        encode("key", np.array([value], np.float32))
