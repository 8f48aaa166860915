"""`iiae index`: photos of a folder in a gallery."""

import pytest
from command_line import iiae
from picture_files import NOISE, saved
from serving import png, publish_sketch

from service.galleries.collection import Galleries


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "noise").mkdir(parents=True)
    for number in range(3):
        (folder / "noise" / f"{number}.png").write_bytes(png(number))
    return folder


def test_photos_are_added_once_with_their_folder_as_label(home, photos):
    (photos / "broken.jpg").write_bytes(b"broken")
    words = ("index", photos, "--gallery", "indexed", "--model", "drawn", "--credit", "us")
    done = iiae(*words, home=home)
    assert (done.status, ": 3 added, 0 moved, 0 relabelled, 0 removed, 1 unreadable" in done.stdout) == (
        0,
        True,
    ), done.stderr
    assert "cannot read broken.jpg: this is not an image" in done.stderr
    assert "0 added, 0 moved, 0 relabelled, 0 removed, 3 unchanged" in iiae(*words, home=home).stdout
    gallery = Galleries(home / "galleries").open("indexed")
    assert (gallery.spec.credit, {photo.label for photo in gallery.page(0, 9)}) == ("us", {"noise"})
    ids = [photo.id for photo in gallery.page(0, 9)]
    assert (
        "0 added, 0 moved, 0 relabelled, 0 removed, 3 unchanged" in iiae(*words, "--again", home=home).stdout
    )
    assert [photo.id for photo in gallery.page(0, 9)] == ids
    Galleries(home / "galleries").delete("indexed")


def test_a_gallery_of_another_domain_is_refused(home, photos):
    words = ("index", photos, "--gallery", "indexed", "--model", "drawn")
    assert iiae(*words, home=home).status == 0
    done = iiae(*words, "--domain", "sketch", home=home)
    assert (done.status, "choose another gallery for 'sketch' pictures" in done.stderr) == (2, True)
    done = iiae(*words, "--domain", "nowhere", home=home)
    assert (done.status, "no domain 'nowhere'" in done.stderr) == (2, True)
    Galleries(home / "galleries").delete("indexed")


def test_a_gallery_is_of_photos_or_of_drawn_pictures(home, photos):
    words = ("index", photos, "--gallery", "icons", "--model", "drawn")
    assert iiae(*words, "--drawn", home=home).status == 0
    gallery = Galleries(home / "galleries").open("icons")
    assert (gallery.spec.drawn, gallery.spec.expand) == (True, False)
    assert "3 unchanged" in iiae(*words, home=home).stdout
    done = iiae(*words, "--photos", home=home)
    expected = (
        "gallery 'icons' is for drawn pictures; choose another gallery for photos,"
        " or run `iiae reindex icons --photos`"
    )
    assert (done.status, expected in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert iiae(*words, "--again", home=home).status == 0
    assert Galleries(home / "galleries").open("icons").spec.drawn
    assert "photo, drawn" in iiae("galleries", home=home).stdout
    assert iiae("reindex", "icons", "--photos", home=home).status == 0
    assert not Galleries(home / "galleries").open("icons").spec.drawn
    done = iiae(*words, "--drawn", home=home)
    expected = (
        "gallery 'icons' is for photos; choose another gallery for drawn pictures,"
        " or run `iiae reindex icons --drawn`"
    )
    assert (done.status, expected in " ".join(done.stderr.split())) == (2, True), done.stderr
    Galleries(home / "galleries").delete("icons")


def test_an_outdated_gallery_is_refused_with_a_remedy(tmp_path, photos):
    publish_sketch(tmp_path)
    words = ("index", photos, "--model", "drawn")
    assert iiae(*words, home=tmp_path).status == 0
    publish_sketch(tmp_path, seed=1)
    done = iiae(*words, home=tmp_path)
    assert (done.status, "run `iiae reindex photos`" in done.stderr) == (2, True)


def test_a_folder_without_photos_is_refused(tmp_path):
    done = iiae("index", tmp_path, home=tmp_path)
    assert (done.status, "no picture in" in done.stderr) == (2, True)


def test_pictures_are_found_whatever_their_format_and_name(home, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, (name, kind) in enumerate(
        {
            "a.HEIC": "HEIF",
            "b.avif": "AVIF",
            "c.tiff": "TIFF",
            "d.jfif": "JPEG",
            "e": "PNG",
            "f.txt": "JPEG",
        }.items()
    ):
        (folder / name).write_bytes(saved(NOISE.rotate(90 * number, expand=True), kind))
    (folder / "notes.txt").write_text("no picture")
    done = iiae("index", folder, "--gallery", "mixed", "--model", "drawn", home=home)
    assert (
        done.status,
        ": 6 added, 0 moved, 0 relabelled, 0 removed; skipped: 1 not a picture" in done.stdout,
    ) == (0, True), done.stderr
    Galleries(home / "galleries").delete("mixed")


def test_the_services_limit_of_pixels_holds(home, photos, monkeypatch):
    words = ("index", photos, "--gallery", "limited", "--model", "drawn")
    monkeypatch.setenv("IIAE_MAX_PIXELS", "10")
    done = iiae(*words, home=home)
    assert (done.status, "at most 10 in all are accepted" in done.stderr) == (0, True)
    done = iiae(*words, "--max-pixels", "1000000", home=home)
    assert "3 added" in done.stdout
    Galleries(home / "galleries").delete("limited")
