"""Parts are read ahead in threads and yielded in order."""

import threading

import pytest

from service.galleries.read_ahead import AHEAD, read_ahead


def test_parts_are_yielded_in_order_and_few_are_read_ahead():
    read: list[int] = []

    def part(number: int) -> int:
        assert threading.current_thread() is not threading.main_thread()
        read.append(number)
        return number * 10

    results = read_ahead(range(20), part)
    assert next(results) == 0
    assert len(read) <= AHEAD + 1
    assert list(results) == [number * 10 for number in range(1, 20)]


def test_an_error_is_raised_where_its_part_would_be():
    results = read_ahead([1, 0, 1], lambda number: 1 // number)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
