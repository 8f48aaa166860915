"""Decoded training pictures equal what the service prepares; unreadable files are reported."""

import os

import numpy as np
import pytest
import torch
from PIL import Image
from small_sketch import small_preset

from model.data.pairs import DataError
from model.data.sketchy import read_sketchy
from model.iiae_inference import IIAEInference
from model.sketch.pictures import Pictures, decode


def test_the_last_pictures_of_each_class_are_split_off():
    labels = np.array([0, 1, 0, 1, 0, 0, 2])
    pixels = np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1)
    others, last = Pictures(pixels, labels, ("0/damaged",)).without_some(0.5)
    assert others.pixels[:].ravel().tolist() == [0, 1, 2, 6]
    assert last.pixels[:].ravel().tolist() == [3, 4, 5]
    assert (others.labels.tolist(), last.labels.tolist()) == ([0, 1, 0, 2], [1, 0, 0])
    assert (others.damaged, last.damaged) == (("0/damaged",), ())


def test_training_prepares_sketches_as_the_service_does(tmp_path, shapes_folder):
    catalogue = read_sketchy(shapes_folder).only(["star"])
    inverted = [(tmp_path / f"{number}.png", label) for number, (_, label) in enumerate(catalogue.sketches)]
    for (path, _), (source, _) in zip(inverted, catalogue.sketches, strict=True):
        Image.fromarray(255 - np.asarray(Image.open(source))).save(path)
    plain, white_on_black = (
        decode(files, ("star",), 64, drawings=True).pixels[:] for files in (catalogue.sketches, inverted)
    )
    assert (plain != decode(catalogue.sketches, ("star",), 64).pixels[:]).any()
    np.testing.assert_array_equal(plain, white_on_black)
    inference = IIAEInference.__new__(IIAEInference)
    inference.preset = small_preset("efficientnet-lite0")
    with Image.open(catalogue.sketches[0][0]) as sketch:
        prepared = inference.prepare(sketch.convert("RGB"), "y")
    expected = np.broadcast_to(plain[0].astype(np.float32) / 127.5 - 1, (64, 64, 3))
    np.testing.assert_allclose(prepared.permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_sketches_without_ink_are_left_out_and_reported(tmp_path, shapes_folder):
    Image.new("L", (64, 64), 255).save(tmp_path / "empty.png")
    files = read_sketchy(shapes_folder).only(["star"]).sketches[:2]
    pictures = decode([(tmp_path / "empty.png", "star"), *files], ("star",), 64, drawings=True)
    assert pictures.damaged == ("star/empty.png",)
    assert len(pictures.labels) == 2


@pytest.mark.timeout(60)  # opening a FIFO waits forever
def test_a_fifo_among_the_pictures_is_left_out(tmp_path, shapes_folder):
    os.mkfifo(tmp_path / "fifo.png")
    files = read_sketchy(shapes_folder).only(["star"]).sketches[:2]
    assert decode([(tmp_path / "fifo.png", "star"), *files], ("star",), 64).damaged == ("star/fifo.png",)


def test_decoding_fails_if_no_picture_can_be_read(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"none of 1 pictures can be read; the first is star/broken\.png"):
        decode([(tmp_path / "broken.png", "star")], ("star",), 64)


def test_batches_hold_all_pictures_in_order(shapes_folder):
    pictures = decode(read_sketchy(shapes_folder).only(["star"]).photos[:5], ("star",), 32)
    batches = list(pictures.batches(2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    pixels = (torch.cat(batches).permute(0, 2, 3, 1) + 1) * 127.5
    np.testing.assert_allclose(pixels.numpy(), pictures.pixels[:], atol=1e-3)
