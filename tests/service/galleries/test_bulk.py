"""Folders with file names that are not UTF-8, damaged files and empty drawings are indexed."""

import os

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from serving import png, publish_sketch

from model import checkpoint
from service.galleries.bulk import find_photos, index_photos
from service.galleries.collection import Galleries
from service.galleries.records import GallerySpec


class Inference:
    """A model whose embedding is the mean grey of a picture."""

    def side(self, domain):
        return "x"

    def smallest_side(self, side):
        return 1000

    def takes_drawings(self, side):
        return False

    def prepare(self, image, side):
        return torch.full((3, 1, 1), float(np.asarray(image).mean()))

    def search_codes(self, side, pixels, *, drawn):
        return torch.cat([pixels, torch.ones_like(pixels[:, :1])], 1)


def test_file_names_that_are_not_utf8_are_left_out_with_a_reason(tmp_path):
    folder = tmp_path / "photos"
    names = [b"sound.png", b"caf\xe9.png", b"caf\xe9/1.png", "café/2.png".encode(), b"broken.png"]
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"broken" if name == b"broken.png" else png(number))
    os.symlink("sound.png", os.path.join(os.fsencode(folder), b"link\xe9.png"))
    gallery = Galleries(tmp_path / "galleries").create(
        "g", GallerySpec(model="m", digest="d", domain="photo", distance="l2", dim=4)
    )
    progress = []
    report = index_photos(
        gallery, Inference(), find_photos(folder), max_pixels=10_000, on_progress=progress.append
    )
    assert (report.added, report.known, sum(progress)) == (2, 0, 6)
    assert sorted(photo.metadata["file"] for photo in gallery.page(0, 10)) == ["café/2.png", "sound.png"]
    assert len(report.damaged) == 4
    lines = "\n".join(report.damaged).encode().decode()  # it can be printed
    for words in (
        "broken.png: this is not an image",
        r"caf\xe9.png: ",
        r"caf\xe9/1.png: ",
        r"link\xe9.png: ",
        "not UTF-8",
    ):
        assert words in lines


def test_an_empty_drawing_is_left_out_with_a_reason(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    for name in ("empty", "line"):
        paper = Image.new("RGB", (64, 64), "white")
        if name == "line":
            ImageDraw.Draw(paper).line((10, 10, 50, 40), "black", 3)
        paper.save(folder / f"{name}.png")
    inference = checkpoint.load(publish_sketch(tmp_path, drawings=True), torch.device("cpu"))
    gallery = Galleries(tmp_path / "galleries").create(
        "g", GallerySpec(model="m", digest="d", domain="sketch", distance="cosine", dim=32)
    )
    report = index_photos(gallery, inference, find_photos(folder), max_pixels=10_000)
    assert (report.added, gallery.count) == (1, 1)
    assert len(report.damaged) == 1
    assert "empty.png: the picture has no ink" in report.damaged[0]


@pytest.mark.timeout(60)  # opening a FIFO waits forever
def test_a_file_that_has_become_a_fifo_is_left_out(tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("one.png", "two.png"):
        (tmp_path / "photos" / name).write_bytes(png(len(name)))
    os.mkfifo(tmp_path / "photos" / "fifo.png")
    files = find_photos(tmp_path / "photos")
    assert [file.path.name for file in files] == ["one.png", "two.png"]
    (tmp_path / "photos" / "one.png").unlink()
    os.mkfifo(tmp_path / "photos" / "one.png")
    gallery = Galleries(tmp_path / "galleries").create(
        "g", GallerySpec(model="m", digest="d", domain="photo", distance="l2", dim=4)
    )
    report = index_photos(gallery, Inference(), files, max_pixels=10_000)
    assert (report.added, report.damaged) == (1, ("one.png: not a regular file",))
