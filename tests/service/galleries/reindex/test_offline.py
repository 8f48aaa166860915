"""A gallery is re-embedded without a server, and its new index is saved."""

import pytest
import torch
from PIL import Image
from serving import png, publish_sketch, publish_tiny

from service.cli.checkpoints import load_model
from service.errors import DomainUnknown, ReindexRunning
from service.galleries.bulk import find_photos, index_photos, open_or_create
from service.galleries.collection import Galleries
from service.galleries.migrations import SIZES_KEY
from service.galleries.reindex.lock import lock
from service.galleries.reindex.offline import reindex_gallery
from service.galleries.schema import set_meta
from service.inference.pixels import decode_pixels, embed_pixels


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    publish_sketch(folder)
    publish_tiny(folder)
    return folder


@pytest.fixture
def galleries(home, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(40):
        (photos / f"{number:02}.png").write_bytes(png(number))
    galleries = Galleries(tmp_path / "galleries")
    model = load_model(home, "drawn", "cpu")
    index_photos(open_or_create(galleries, "g", model), model.inference, find_photos(photos))
    return galleries


def test_all_photos_get_the_models_embeddings(home, galleries):
    model = load_model(home, "tiny", "cpu")
    reported = []
    progress = reindex_gallery(galleries, "g", model, on_progress=reported.append)
    assert progress is not None
    assert (progress.state, progress.done, progress.faulty) == ("done", 40, 0)
    assert [each.done for each in reported] == [32, 40]
    gallery = galleries.open("g")
    assert (gallery.spec.model, gallery.spec.digest, gallery.index.kind) == ("tiny", model.digest, "flat")
    assert (gallery.folder / "index" / "note.json").is_file()
    pixels = decode_pixels(png(7), model.inference, "x", max_pixels=10_000)
    [expected] = embed_pixels(model.inference, "x", [pixels], drawn=False)
    torch.testing.assert_close(torch.tensor(gallery.embedding(8)), torch.tensor(expected))
    assert gallery.search(expected, 1)[0].photo.metadata == {"file": "07.png"}


def test_a_gallery_of_this_checkpoint_has_nothing_to_do_unless_from_scratch(home, galleries):
    model = load_model(home, "drawn", "cpu")
    assert reindex_gallery(galleries, "g", model) is None
    progress = reindex_gallery(galleries, "g", model, from_scratch=True)
    assert progress is not None and progress.done == 40


def test_a_running_reindex_and_an_unknown_domain_are_refused(home, galleries):
    with lock(galleries.open("g")), pytest.raises(ReindexRunning):
        reindex_gallery(galleries, "g", load_model(home, "tiny", "cpu"))
    with pytest.raises(DomainUnknown):
        reindex_gallery(galleries, "g", load_model(home, "mnist-cdcb", "cpu"))


@pytest.mark.parametrize("name", ["drawn", "tiny"])  # the gallery's own model has nothing to embed
def test_swapped_sizes_of_an_earlier_version_are_corrected(home, tmp_path, name):
    photos = tmp_path / "photos"
    photos.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((200, 100), 80).convert("RGB").save(photos / "turned.jpg", exif=exif)
    galleries = Galleries(tmp_path / "galleries")
    model = load_model(home, "drawn", "cpu")
    index_photos(open_or_create(galleries, "g", model), model.inference, find_photos(photos))
    gallery = galleries.open("g")
    with gallery.storing([]) as transaction:
        assert transaction.resize(1, 200, 100)
        set_meta(transaction.connection, SIZES_KEY, "1")
    reindex_gallery(galleries, "g", load_model(home, name, "cpu"))
    photo = galleries.open("g").photo(1)
    assert (photo.width, photo.height) == (100, 200)
