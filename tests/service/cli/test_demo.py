"""The demo's gallery is re-embedded after an upgrade, and completed on each start."""

import threading

import numpy as np
import pytest
from command_line import iiae
from serving import png, publish_sketch

from service.cli import demo
from service.cli.checkpoints import load_model
from service.galleries.bulk import find_photos, index_photos, open_or_create
from service.galleries.collection import Galleries
from service.http import server
from service.inference.pixels import embed_pixels
from service.settings import Settings


@pytest.fixture
def settings(tmp_path):
    settings = Settings(home=tmp_path / "home")
    publish_sketch(settings.home, demo.MODEL)
    return settings


def test_an_outdated_gallery_is_reembedded_and_keeps_its_photos(settings, tmp_path):
    photos = tmp_path / "photos"
    (photos / "cats").mkdir(parents=True)
    (photos / "cats" / "1.png").write_bytes(png(1))
    assert demo.prepare(settings, photos) == demo.PHOTOS_GALLERY
    before = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    publish_sketch(settings.home, demo.MODEL, drawings=True, seed=1)
    (photos / "2.png").write_bytes(png(2))
    demo.prepare(settings, photos)
    after = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    assert after.spec.digest != before.spec.digest
    assert after.page(0, 9)[0] == before.page(0, 9)[0]
    assert after.count == 2


@pytest.mark.parametrize("new_model", [False, True])
def test_a_gallery_of_photos_of_an_earlier_version_becomes_one_of_drawn_pictures(
    settings, tmp_path, monkeypatch, new_model
):
    folder = tmp_path / "things"
    folder.mkdir()
    (folder / "1F408.png").write_bytes(png(1))
    monkeypatch.setattr(demo, "copy_things", lambda _: find_photos(folder))
    publish_sketch(settings.home, demo.MODEL, things=6)
    model = load_model(settings.home, demo.MODEL, settings.device)
    old = open_or_create(Galleries(settings.galleries), demo.GALLERY, model)
    index_photos(old, model.inference, find_photos(folder))
    assert (old.spec.drawn, old.spec.expand) == (False, True)
    if new_model:
        publish_sketch(settings.home, demo.MODEL, things=6, seed=1)
    for _ in range(2):  # also on a start without an upgrade
        assert demo.prepare(settings, None) == demo.GALLERY
        gallery = Galleries(settings.galleries).open(demo.GALLERY)
        assert (gallery.spec.drawn, gallery.spec.expand, gallery.count) == (True, False, 1)
    model = load_model(settings.home, demo.MODEL, settings.device)
    pixels = model.inference.read(folder / "1F408.png", "x")
    [expected] = embed_pixels(model.inference, "x", [pixels], drawn=True)
    found = gallery.embedding(gallery.page(0, 1)[0].id)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_ones_own_gallery_of_drawn_pictures_stays_one(settings, tmp_path):
    photos = tmp_path / "icons"
    photos.mkdir()
    (photos / "1.png").write_bytes(png(1))
    model = load_model(settings.home, demo.MODEL, settings.device)
    open_or_create(Galleries(settings.galleries), demo.PHOTOS_GALLERY, model, drawn=True)
    assert demo.prepare(settings, photos) == demo.PHOTOS_GALLERY
    gallery = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    assert (gallery.spec.drawn, gallery.count) == (True, 1)


def test_new_photos_of_ones_own_folder_are_added_on_each_start(settings, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "1.png").write_bytes(png(1))
    demo.prepare(settings, photos)
    (photos / "1.png").unlink()
    (photos / "2.png").write_bytes(png(2))  # as many photos as before
    demo.prepare(settings, photos)
    gallery = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    assert [photo.metadata["file"] for photo in gallery.page(0, 9)] == ["1.png", "2.png"]  # none is removed
    (photos / "1.png").write_bytes(png(1))
    (photos / "2.png").unlink()
    demo.prepare(settings, photos)
    assert [photo.metadata["file"] for photo in gallery.page(0, 9)] == ["1.png"]


def test_the_thread_that_prepares_the_gallery_ends_before_the_service_starts(tmp_path, monkeypatch):
    """Its OpenMP helpers would slow every forward pass."""
    threads: list[threading.Thread] = []
    galleries: list[str | None] = []

    def prepare(settings, photos) -> str:
        threads.append(threading.current_thread())
        return "made"

    def serve(settings) -> None:
        assert not threads[0].is_alive()
        galleries.append(settings.default_gallery)

    monkeypatch.setattr(demo, "prepare", prepare)
    monkeypatch.setattr(server, "serve", serve)
    assert iiae("demo", "--port", "0", home=tmp_path).status == 0
    assert galleries == ["made"]
