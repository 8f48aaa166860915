"""The C library's allocator, told to keep what a network's activations took: the next batch wants the same again; and to give it back."""

import ctypes

ARENAS, MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -8, -3, -1, -2
"""Of mallopt(3), from glibc's malloc.h."""


def keep_memory() -> bool:
    """Has freed memory kept for the next allocation, in one arena for all threads; False where the C library is not glibc.

    By default each large tensor is mapped from the system and given back: half of the time of a batch on a CPU.
    Another arena for each thread would do so all the same, as no arena but the first can hold more than 64 MB.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    told = [
        mallopt(ARENAS, 1),
        mallopt(MMAP_THRESHOLD, 2**30),
        mallopt(TRIM_THRESHOLD, 2**31 - 1),
        mallopt(TOP_PAD, 2**26),
    ]
    return all(told)


def give_back() -> None:
    """Gives all that is free back to the system, where the C library is glibc; what is wanted next is asked for anew."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
