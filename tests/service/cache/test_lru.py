"""The LRU against the rule it stands for: the most recently used entries that fit, and no byte more."""

from hypothesis import given
from hypothesis import strategies as st

from service.cache.lru import ENTRY_BYTES, Lru


@given(
    st.integers(0, 2000), st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"), st.integers(0, 600)))
)
def test_keeps_the_most_recently_used_that_fit(max_bytes: int, steps: list[tuple[bool, str, int]]) -> None:
    lru = Lru(max_bytes)
    recent: list[tuple[str, bytes]] = []  # the oracle: most recently used last
    for writes, key, size in steps:
        known = dict(recent)
        if writes:
            recent = [entry for entry in recent if entry[0] != key]
            if ENTRY_BYTES + 1 + size <= max_bytes:
                recent.append((key, bytes(size)))
                while sum(ENTRY_BYTES + 1 + len(value) for _, value in recent) > max_bytes:
                    recent.pop(0)
            lru.put(key, bytes(size))
        else:
            assert lru.get(key) == known.get(key)
            if key in known:
                recent = [entry for entry in recent if entry[0] != key] + [(key, known[key])]
        assert lru.size == sum(ENTRY_BYTES + 1 + len(value) for _, value in recent) <= max(max_bytes, 0)
        assert len(lru) == len(recent)
    assert all(lru.get(key) == value for key, value in recent)
