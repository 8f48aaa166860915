"""A gallery to damage."""

import pytest
from gallery_damage import photo
from gallery_photos import spec

from service.galleries.collection import Galleries


@pytest.fixture
def gallery(tmp_path):
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    gallery.add([photo(number) for number in range(1, 8)])
    gallery.save_index()
    return gallery
