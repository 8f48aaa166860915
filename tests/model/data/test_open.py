"""The form of the data decides which reader is used; the error for a wrong folder is one sentence."""

from typing import get_args

import pytest
import torch

from model.data.open import open_pairs, varies
from model.data.pairs import DataError
from model.presets import ImageReader

DOMAINS = ("first", "second")


@pytest.mark.parametrize("reader", [name for name in get_args(ImageReader) if name != "synthetic"])
def test_a_wrong_folder_is_described(tmp_path, reader):
    (tmp_path / "holiday.txt").write_text("")
    with pytest.raises(DataError, match=r"looked for .*holiday\.txt"):
        open_pairs(reader, tmp_path, "train", 32, DOMAINS)
    with pytest.raises(DataError, match="no such folder"):
        open_pairs(reader, tmp_path / "nowhere", "train", 32, DOMAINS)


def test_sketchy_has_no_pairs(tmp_path):
    with pytest.raises(DataError, match="iiae train sketchy"):
        open_pairs("sketchy", tmp_path, "train", 32, DOMAINS)


def test_synthetic_splits_differ(tmp_path):
    train, val, test = (
        open_pairs("synthetic", tmp_path, split, 32, DOMAINS) for split in ("train", "val", "test")
    )
    assert [len(pairs) for pairs in (train, val, test)] == [512, 64, 64]
    assert not torch.equal(val.pair(0, None)[0], test.pair(0, None)[0])


@pytest.mark.parametrize("reader", ["mnist-cdcb", "cars"])
@pytest.mark.parametrize("augment", [False, True])
def test_published_folders_of_pictures_are_read_and_never_augmented(side_by_side_folder, reader, augment):
    pairs = open_pairs(reader, side_by_side_folder, "train", 32, DOMAINS, augment=augment)
    assert pairs.load_size == 32
    assert not pairs.augment
    assert not varies(reader, side_by_side_folder)


def test_paired_pictures_are_augmented_on_request(side_by_side_folder):
    assert not open_pairs("paired", side_by_side_folder, "train", 32, DOMAINS).augment
    assert open_pairs("paired", side_by_side_folder, "train", 32, DOMAINS, augment=True).augment
    assert varies("paired", side_by_side_folder)
    assert not open_pairs("paired", side_by_side_folder, "val", 32, DOMAINS, augment=True).augment
