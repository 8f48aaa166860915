"""Names of files that this program makes. The paths of a used gallery are among them."""

import pytest
from gallery_photos import new_photo, spec

from service.galleries.collection import Galleries
from service.galleries.own_names import GALLERY, HIDDEN_GALLERY, delete_folder
from service.galleries.reindex.lock import lock


@pytest.fixture
def gallery(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(number) for number in range(3)])
    gallery.save_index()
    lock(gallery).close()
    return gallery


def test_everything_in_a_gallery_is_known(gallery):
    assert delete_folder(gallery.folder, GALLERY)
    assert not gallery.folder.exists()


@pytest.mark.parametrize(
    "name", ["notes", "photos/notes", "photos/00/notes", "gallery.sqlite.bak", "index/x"]
)
def test_a_folder_with_a_file_of_others_is_kept_whole(gallery, name):
    (gallery.folder / name).touch()
    before = sorted(gallery.folder.rglob("*"))
    assert not delete_folder(gallery.folder, GALLERY)
    assert sorted(gallery.folder.rglob("*")) == before


def test_the_folder_of_a_gallery_that_is_created_is_known(tmp_path):
    assert HIDDEN_GALLERY.fullmatch(Galleries(tmp_path)._temporary("a.b-c").name)
    for name in (".old-cats", ".backup-ab_cd012", ".restored", ".g-0123"):
        assert not HIDDEN_GALLERY.fullmatch(name)
