"""The default gallery of a search is one that can answer it, and scores are those of the gallery's curve."""

import sqlite3
import time

import pytest
from serving import png, publish_sketch

from model.sketch.calibration import Calibration
from service.cli.checkpoints import load_model
from service.errors import GalleryNotFound
from service.galleries.bulk import find_photos, index_photos, open_or_create
from service.galleries.collection import Galleries
from service.galleries.query import Selection, first_searchable, search_gallery
from service.galleries.records import GallerySpec
from service.inference.pixels import decode_pixels, embed_pixels


def create(galleries: Galleries, name: str, digest: str) -> None:
    spec = GallerySpec(model="m", digest=digest, domain="photo", distance="cosine", dim=4)
    galleries.create(name, spec)


def test_the_first_gallery_of_a_given_checkpoint_is_searched(tmp_path):
    galleries = Galleries(tmp_path)
    for name, digest in (("a", "old"), ("b", "new"), ("c", "new")):
        create(galleries, name, digest)
    damaged = tmp_path / "0-damaged"
    damaged.mkdir()
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    assert first_searchable(galleries, {"new", "other"}).name == "b"


def test_a_locked_gallery_is_skipped_soon(tmp_path):
    creator = Galleries(tmp_path)
    for name in ("a", "b"):
        create(creator, name, "new")
    creator.close()
    lock = sqlite3.connect(tmp_path / "a" / "gallery.sqlite", isolation_level=None)
    try:
        lock.execute("PRAGMA locking_mode=EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert first_searchable(Galleries(tmp_path), {"new"}).name == "b"
        assert time.monotonic() - began < 5
    finally:
        lock.close()


def test_no_gallery_is_an_error_that_says_how_to_create_one(tmp_path):
    with pytest.raises(GalleryNotFound, match="iiae index"):
        first_searchable(Galleries(tmp_path), {"new"})


def test_outdated_galleries_are_an_error_that_names_them(tmp_path):
    galleries = Galleries(tmp_path)
    create(galleries, "a", "old")
    with pytest.raises(GalleryNotFound, match="galleries a; re-embed"):
        first_searchable(galleries, {"new"})


@pytest.mark.parametrize(("drawn", "grade"), [(False, "weak"), (True, "strong")])
def test_hits_among_drawn_pictures_have_scores_of_their_own_curve(tmp_path, drawn, grade):
    curves = {"y": Calibration(1.0, -9.0), "drawn_y": Calibration(1.0, 9.0)}
    publish_sketch(tmp_path, things=6, calibration=curves)
    model = load_model(tmp_path, "drawn", "cpu")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.png").write_bytes(png(1))
    gallery = open_or_create(Galleries(tmp_path / "galleries"), "g", model, drawn=drawn)
    index_photos(gallery, model.inference, find_photos(tmp_path / "photos"))
    pixels = decode_pixels(png(2), model.inference, "y", max_pixels=10_000)
    [query] = embed_pixels(model.inference, "y", [pixels], drawn=drawn)
    results = search_gallery(gallery, model, "y", query, Selection(k=1))
    assert (results.scores, [hit.grade for hit in results.hits]) == ("probability", [grade])
