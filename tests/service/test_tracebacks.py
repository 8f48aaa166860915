"""Errors whose tracebacks were cleared or dropped keep nothing alive."""

import gc
import traceback
import weakref

import pytest

from service.tracebacks import clear_locals, drop_tracebacks


class Picture:
    """Something large."""


@pytest.fixture(autouse=True)
def no_garbage_collection():
    gc.disable()
    yield
    gc.enable()


def decode(alive: weakref.WeakSet) -> None:
    picture = Picture()
    alive.add(picture)
    raise ValueError("damaged")


def prepare(alive: weakref.WeakSet) -> None:
    picture = Picture()
    alive.add(picture)
    try:
        decode(alive)
    except ValueError as error:
        raise RuntimeError("empty") from error


def grouped(alive: weakref.WeakSet) -> None:
    try:
        prepare(alive)
    except RuntimeError as error:
        raise ExceptionGroup("several", [error]) from None


@pytest.mark.parametrize("fail", [decode, prepare, grouped])
@pytest.mark.parametrize("forget", [clear_locals, drop_tracebacks])
def test_pictures_behind_an_error_are_freed(fail, forget):
    alive: weakref.WeakSet = weakref.WeakSet()
    with pytest.raises(Exception) as raised:
        fail(alive)
    assert len(alive) > 0
    error = raised.value
    del raised
    forget(error)
    assert len(alive) == 0


def test_a_cleared_traceback_can_be_logged():
    with pytest.raises(RuntimeError) as raised:
        prepare(weakref.WeakSet())
    clear_locals(raised.value)
    lines = "".join(traceback.format_exception(raised.value))
    assert "in prepare" in lines
    assert "in decode" in lines


def test_running_frames_keep_their_variables():
    kept = Picture()
    try:
        decode(weakref.WeakSet())
    except ValueError as error:
        clear_locals(error)
    assert kept is not None


def test_errors_that_refer_to_each_other_are_followed_once():
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    clear_locals(first)
    drop_tracebacks(first)
