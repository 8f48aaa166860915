"""A small data set of side-by-side pictures."""

import pytest
from PIL import Image


def side_by_side(path, left, right):
    """Write a picture whose halves have two colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    both = Image.new("RGB", (128, 64), left)
    both.paste(Image.new("RGB", (64, 64), right), (64, 0))
    both.save(path)


@pytest.fixture
def side_by_side_folder(tmp_path):
    """40 training pairs and 3 others, in Facades' form; picture n has the green level n on its right."""
    for split, count in (("train", 40), ("val", 3)):
        for number in range(1, count + 1):
            side_by_side(tmp_path / split / f"{number}.png", (255, 0, 0), (0, number, 255))
    return tmp_path
