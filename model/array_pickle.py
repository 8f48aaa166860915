"""Reads pickles of numpy arrays and refuses anything else.

A pickle can run any code when it is loaded. These come from downloads, so only numpy's constructors may run.
"""

import pickle
from io import BytesIO
from typing import Any

import numpy as np


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        reconstruct = np._core.multiarray._reconstruct  # type: ignore[attr-defined]  # private to numpy
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): reconstruct,  # as numpy 1 writes it
            ("numpy._core.multiarray", "_reconstruct"): reconstruct,  # as numpy 2 writes it
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        if (module, name) not in allowed:
            raise ValueError(f"it contains {module}.{name}, which could run code")
        return allowed[module, name]


def read_array_pickle(data: bytes) -> Any:
    """Return the containers and numpy arrays of a pickle.

    Raises:
        ValueError: the pickle is damaged, or contains anything but containers, numbers, texts and arrays.
    """
    try:
        return _ArraysOnly(BytesIO(data), encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise ValueError(f"it is damaged: {error}") from error
