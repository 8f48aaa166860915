"""The in-process cache, compared with a list: it holds the most recently used entries that fit."""

from hypothesis import given
from hypothesis import strategies as st

from service.cache.memory import ENTRY_BYTES, MemoryCache


@given(
    st.integers(0, 4000), st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"), st.integers(0, 600)))
)
def test_keeps_the_most_recently_used_entries_that_fit(
    max_bytes: int, steps: list[tuple[bool, str, int]]
) -> None:
    cache = MemoryCache(max_bytes)
    expected: list[tuple[str, bytes]] = []  # most recently used last
    for writes, key, size in steps:
        known = dict(expected)
        if writes:
            expected = [entry for entry in expected if entry[0] != key]
            if ENTRY_BYTES + size <= max_bytes:
                expected.append((key, bytes(size)))
                while _size(expected) > max_bytes:
                    expected.pop(0)
            cache.put(key, bytes(size))
        else:
            assert cache.get(key) == known.get(key)
            if key in known:
                expected = [entry for entry in expected if entry[0] != key] + [(key, known[key])]
        assert cache.size == _size(expected) <= max_bytes
        assert len(cache) == len(expected)
    assert all(cache.get(key) == value for key, value in expected)


def _size(entries: list[tuple[str, bytes]]) -> int:
    return sum(ENTRY_BYTES + len(value) for _, value in entries)
