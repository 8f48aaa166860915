"""Pictures to tensors and back."""

import numpy as np
import torch
from PIL import Image

from model.pictures import picture, prepare


def random_picture(width, height, mode="RGB"):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def test_a_picture_of_the_right_size_survives_a_round_trip():
    image = random_picture(32, 32)
    pixels = prepare(image, 32)
    assert pixels.shape == (3, 32, 32)
    assert pixels.dtype == torch.float32
    np.testing.assert_array_equal(np.asarray(picture(pixels)), np.asarray(image))


def test_the_range_is_minus_one_to_one():
    assert prepare(Image.new("RGB", (8, 8), "black"), 8).unique().tolist() == [-1.0]
    assert prepare(Image.new("RGB", (8, 8), "white"), 8).unique().tolist() == [1.0]


def test_other_sizes_are_resized_to_a_square():
    image = random_picture(40, 20)
    expected = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC), np.float32) / 127.5 - 1
    np.testing.assert_allclose(prepare(image, 32).permute(1, 2, 0), expected, atol=1e-6)


def test_grey_pictures_become_rgb():
    pixels = prepare(random_picture(16, 16, "L"), 16)
    assert torch.equal(pixels[0], pixels[1]) and torch.equal(pixels[1], pixels[2])


def test_values_outside_the_range_are_clipped():
    pixels = torch.tensor([-3.0, 0.0, 3.0])[:, None, None].expand(3, 4, 4)
    assert picture(pixels).getpixel((0, 0)) == (0, 128, 255)
