"""The demo's gallery, when it was made by another checkpoint than the one that is served now."""

import threading

from serving import png, publish_sketch

from service.cli import demo
from service.galleries.collection import Galleries
from service.http import server
from service.settings import Settings


def test_a_gallery_of_an_older_checkpoint_is_embedded_by_the_new_one_and_keeps_its_photos(tmp_path):
    settings, folder = Settings(home=tmp_path / "home"), tmp_path / "photos"
    (folder / "cats").mkdir(parents=True)
    (folder / "cats" / "1.png").write_bytes(png(1))
    publish_sketch(settings.home, demo.MODEL)
    assert demo.prepare(settings, folder) == demo.PHOTOS_GALLERY
    before = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    publish_sketch(settings.home, demo.MODEL, drawings=True, seed=1)
    (folder / "2.png").write_bytes(png(2))
    demo.prepare(settings, folder)
    after = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY)
    assert after.spec.digest != before.spec.digest
    assert after.page(0, 9)[0] == before.page(0, 9)[0]
    assert after.count == 2


def test_ones_own_folder_is_looked_through_each_time(tmp_path):
    settings, folder = Settings(home=tmp_path / "home"), tmp_path / "photos"
    folder.mkdir()
    (folder / "1.png").write_bytes(png(1))
    publish_sketch(settings.home, demo.MODEL)
    demo.prepare(settings, folder)
    (folder / "1.png").unlink()
    (folder / "2.png").write_bytes(png(2))  # as many as before
    demo.prepare(settings, folder)
    photos = Galleries(settings.galleries).open(demo.PHOTOS_GALLERY).page(0, 9)
    assert {photo.metadata["file"] for photo in photos} >= {"2.png"}


def test_what_prepared_the_gallery_has_ended_when_the_service_begins(tmp_path, monkeypatch):
    """Its thread's OpenMP helpers would slow every forward pass."""
    threads: list[threading.Thread] = []
    served: list[str | None] = []

    def prepare(settings, photos) -> str:
        threads.append(threading.current_thread())
        return "made"

    def serve(settings) -> None:
        assert not threads[0].is_alive()
        served.append(settings.default_gallery)

    monkeypatch.setenv("IIAE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["demo"])
    monkeypatch.setattr(demo, "prepare", prepare)
    monkeypatch.setattr(server, "serve", serve)
    demo.run()
    assert served == ["made"]
