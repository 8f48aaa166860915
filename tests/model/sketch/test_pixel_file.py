"""Pictures in a temporary file: they come back as they were written, and no others are read."""

import numpy as np
import pytest

from model.sketch.pixel_file import ChosenPixels, PixelFile


def test_pictures_are_read_by_numbers_and_slices():
    pictures = np.random.default_rng(0).integers(0, 256, (7, 5, 4, 3), dtype=np.uint8)
    file = PixelFile((5, 4, 3))
    file.append(pictures[:3])
    file.append(pictures[3:])
    assert len(file) == 7 and file.shape == (7, 5, 4, 3)
    np.testing.assert_array_equal(file[:], pictures)
    np.testing.assert_array_equal(file[5:20], pictures[5:20])
    np.testing.assert_array_equal(file[np.array([6, 0, 6])], pictures[[6, 0, 6]])
    np.testing.assert_array_equal(file[np.array([], np.int64)], pictures[:0])
    with pytest.raises(IndexError):
        file[np.array([7])]


def test_chosen_pictures_are_read_from_all():
    pictures = np.random.default_rng(0).integers(0, 256, (7, 5, 4, 3), dtype=np.uint8)
    file = PixelFile((5, 4, 3))
    file.append(pictures)
    chosen = ChosenPixels(file, np.array([6, 2, 3]))
    assert len(chosen) == 3 and chosen.shape == (3, 5, 4, 3)
    np.testing.assert_array_equal(chosen[:], pictures[[6, 2, 3]])
    np.testing.assert_array_equal(chosen[1:9], pictures[[2, 3]])
    np.testing.assert_array_equal(chosen[np.array([2, 0])], pictures[[3, 6]])


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="a picture is"):
        PixelFile((5, 4, 3)).append([np.zeros((5, 4, 1), np.uint8)])
