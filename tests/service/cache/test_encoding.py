"""Packed embeddings: a round trip is float16 rounding, and no other bytes are ever believed."""

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
    unpacked = decode("key", encode("key", values))
    np.testing.assert_array_equal(unpacked, values.astype(np.float16).astype(np.float32))
    assert unpacked.dtype == np.float32
    assert unpacked.shape == values.shape
    assert unpacked.flags.writeable


def test_the_values_are_little_endian_float16() -> None:
    assert encode("key", np.array([1.0, -2.0], np.float32)).endswith(bytes.fromhex("003c00c0"))


@given(embeddings, st.data())
def test_any_flipped_bit_or_cut_is_noticed(values: np.ndarray, data: st.DataObject) -> None:
    encoded = encode("key", values)
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    flipped = bytearray(encoded)
    flipped[bit // 8] ^= 1 << bit % 8
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    for damaged in (bytes(flipped), cut, encoded + b"\0"):
        with pytest.raises(CorruptEntry):
            decode("key", damaged)


@given(st.binary(max_size=200))
def test_garbage_is_noticed(garbage: bytes) -> None:
    with pytest.raises(CorruptEntry):
        decode("key", garbage)


def test_a_value_under_another_key_is_not_believed() -> None:
    with pytest.raises(CorruptEntry):
        decode("other", encode("key", np.ones(3, np.float32)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 70_000.0])
def test_what_float16_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        encode("key", np.array([value], np.float32))
