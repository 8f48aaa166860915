"""Files become the model's pixels, and pixels become its embeddings."""

import numpy as np
import pytest
import torch
from PIL import Image
from serving import png, publish_sketch

from model import checkpoint
from model.inference import Inference
from service.errors import ImageTooManyPixels, SketchEmpty
from service.inference.pixels import decode_pixels, embed_pixels, prepare_pixels


@pytest.fixture(scope="module")
def inference(tmp_path_factory) -> Inference:
    folder = publish_sketch(tmp_path_factory.mktemp("home"), drawings=True)
    return checkpoint.load(folder, torch.device("cpu"))


def test_a_file_becomes_the_pixels_that_the_model_prepares(inference):
    pixels = decode_pixels(png(1), inference, "x", max_pixels=10_000)
    assert pixels.shape == (3, 32, 32)
    with pytest.raises(ImageTooManyPixels):
        decode_pixels(png(1), inference, "x", max_pixels=100)


def test_an_empty_sketch_is_refused(inference):
    with pytest.raises(SketchEmpty, match="no ink"):
        prepare_pixels(Image.new("RGB", (64, 64), "white"), inference, "y")


def test_embeddings_are_flat_and_equal_the_models(inference):
    pixels = [decode_pixels(png(seed), inference, "x", max_pixels=10_000) for seed in range(3)]
    embeddings = embed_pixels(inference, "x", pixels, drawn=False)
    expected = inference.search_codes("x", torch.stack(pixels))
    np.testing.assert_array_equal(np.stack(embeddings), expected.numpy())
    assert embed_pixels(inference, "x", [], drawn=False) == []
