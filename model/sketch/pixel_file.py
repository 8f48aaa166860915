"""Pixels of many pictures in a temporary file. Reading some of them takes no more memory than these."""

import os
import tempfile
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@runtime_checkable
class PixelArray(Protocol):
    """Pixels of n pictures, [n, h, w, c]: an array, or a `PixelFile`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: slice | NDArray[np.int64], /) -> Pixels: ...


class ChosenPixels:
    """Some of the pictures of an array; they are read when they are used.

    Args:
        pixels: all pictures.
        numbers: indices of the chosen ones, [n].
    """

    def __init__(self, pixels: PixelArray, numbers: NDArray[np.int64]) -> None:
        self._pixels, self._numbers = pixels, numbers

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._numbers), *self._pixels.shape[1:])

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, chosen: slice | NDArray[np.int64]) -> Pixels:
        return self._pixels[self._numbers[chosen]]


class PixelFile:
    """Pictures of one shape, written one after the other. The file has no name and ends with this object.

    It is not mapped into memory: mapped pages would count as memory of the process.

    Args:
        shape: height, width and channels of each picture.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as this object
        self._picture_shape = shape
        self._size = int(np.prod(shape))
        self._count = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._count, *self._picture_shape)

    def __len__(self) -> int:
        return self._count

    def append(self, pictures: Iterable[Pixels]) -> None:
        """Write further pictures, [h, w, c] each.

        Raises:
            ValueError: a picture has another shape.
            OSError: the disk is full.
        """
        for picture in pictures:
            if picture.shape != self._picture_shape:
                raise ValueError(f"a picture is {picture.shape}; it must be {self._picture_shape}")
            self._file.write(picture.tobytes())
            self._count += 1
        self._file.flush()

    def __getitem__(self, chosen: slice | NDArray[np.int64]) -> Pixels:
        """Read pictures [n, h, w, c] by a slice or by their numbers."""
        numbers = np.arange(self._count)[chosen]
        read = np.empty((len(numbers), *self._picture_shape), np.uint8)
        for place, number in enumerate(numbers.tolist()):
            data = os.pread(self._file.fileno(), self._size, number * self._size)
            read[place] = np.frombuffer(data, np.uint8).reshape(self._picture_shape)
        return read
