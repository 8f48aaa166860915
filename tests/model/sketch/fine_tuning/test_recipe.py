"""Sizes that follow from a recipe."""

from model.sketch.fine_tuning.recipe import Recipe


def test_crops_are_a_share_of_the_side_in_multiples_of_16():
    assert [Recipe().crop_size(size) for size in (224, 160, 20)] == [192, 128, 16]
