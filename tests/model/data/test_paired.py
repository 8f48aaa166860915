"""Pairs of picture files: both forms, splits, augmentation, damaged files."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from model.data import paired
from model.data.paired import PairedPictures, open_paired
from model.data.pairs import DataError, labels_of

DOMAINS = ("first", "second")
SPLITS = ("train", "val", "test")


def rng(seed=0):
    return np.random.default_rng(seed)


def picture(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), colour).save(path)


def names(folder, split):
    return [files[0].name for files in open_paired(folder, split, 32, DOMAINS).files]


def test_x_is_on_the_left_and_names_sort_by_number(side_by_side_folder):
    pairs = open_paired(side_by_side_folder, "val", 32, DOMAINS)
    numbers = [int(files[0].stem) for files in pairs.files]
    assert numbers == sorted(numbers)
    x, y = pairs.pair(0, None)
    torch.testing.assert_close(x[:, 5, 5], torch.tensor([1.0, -1.0, -1.0]))
    assert round((y[1, 5, 5].item() + 1) * 127.5) == numbers[0]


@pytest.mark.parametrize("other", ["val", "test"])
def test_with_one_more_folder_validation_is_a_tenth_of_train(side_by_side_folder, other):
    """The other folder is reported, so model selection must not see it."""
    if other == "test":
        (side_by_side_folder / "val").rename(side_by_side_folder / "test")
    found = {split: names(side_by_side_folder, split) for split in SPLITS}
    assert found["test"] == ["1.png", "2.png", "3.png"]
    assert len(found["val"]) == 4
    assert not set(found["val"]) & set(found["train"])
    assert len(set(found["val"]) | set(found["train"])) == 40
    folders = {
        open_paired(side_by_side_folder, split, 32, DOMAINS).files[0][0].parent.name for split in SPLITS
    }
    assert folders == {"train", other}


def test_the_validation_tenth_depends_on_the_names_only(side_by_side_folder, tmp_path_factory):
    moved = tmp_path_factory.mktemp("moved") / "data"
    chosen = names(side_by_side_folder, "val")
    side_by_side_folder.rename(moved)
    assert names(moved, "val") == chosen


def test_with_all_three_folders_each_split_is_its_folder(side_by_side_folder):
    for number in range(1, 6):
        (side_by_side_folder / "test").mkdir(exist_ok=True)
        train = side_by_side_folder / "train" / f"{number}.png"
        train.rename(side_by_side_folder / "test" / train.name)
    assert [len(names(side_by_side_folder, split)) for split in SPLITS] == [35, 3, 5]


def test_with_train_alone_there_is_no_test_split(side_by_side_folder):
    (side_by_side_folder / "val").rename(side_by_side_folder / "elsewhere")
    assert [len(names(side_by_side_folder, split)) for split in ("train", "val")] == [36, 4]
    with pytest.raises(DataError, match="looked for pairs of test"):
        open_paired(side_by_side_folder, "test", 32, DOMAINS)


def test_splits_with_a_folder_for_each_side_follow_the_same_rule(tmp_path):
    for split, count in (("train", 20), ("val", 3)):
        for number in range(count):
            picture(tmp_path / split / "first" / f"{number}.jpg", "white")
            picture(tmp_path / split / "second" / f"{number}.png", "black")
    assert [len(names(tmp_path, split)) for split in SPLITS] == [18, 2, 3]


def test_own_pairs_match_by_name_in_two_folders(tmp_path):
    for number in range(40):
        picture(tmp_path / "first" / f"{number}.jpg", "white")
        picture(tmp_path / "second" / f"{number}.png", "black")
    picture(tmp_path / "first" / "alone.jpg", "white")
    counts = {split: len(names(tmp_path, split)) for split in SPLITS}
    assert sum(counts.values()) == 40
    assert all(counts.values())
    x, y = open_paired(tmp_path, "train", 32, DOMAINS).pair(0, None)
    assert (x.mean() > 0.99) and (y.mean() < -0.99)


@pytest.fixture
def ramp_folder(tmp_path):
    """Two pairs in train/, one for validation; both sides are the same ramp from black to white."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    (tmp_path / "train").mkdir()
    for number in (1, 2):
        both = Image.fromarray(np.stack([np.hstack([ramp, ramp])] * 3, -1))
        both.save(tmp_path / "train" / f"{number}.png")
    return tmp_path


def test_without_augmentation_every_draw_is_the_whole_picture(ramp_folder):
    """The paper neither crops nor mirrors."""
    pairs = open_paired(ramp_folder, "train", 64, DOMAINS)
    whole = pairs.pair(0, None)
    for seed in range(5):
        assert all(map(torch.equal, whole, pairs.pair(0, rng(seed))))


def test_augmentation_crops_and_mirrors_both_sides_alike(ramp_folder):
    pairs = open_paired(ramp_folder, "train", 64, DOMAINS, augment=True)
    draws = [pairs.pair(0, rng(seed)) for seed in range(20)]
    assert all(torch.equal(x, y) for x, y in draws)
    assert len({tuple(x[0, 0, :3].tolist()) for x, _ in draws}) > 5
    rising = [bool(x[0, 0, -1] > x[0, 0, 0]) for x, _ in draws]
    assert any(rising) and not all(rising)
    assert all(torch.equal(a, b) for a, b in zip(pairs.pair(0, rng(3)), pairs.pair(0, rng(3)), strict=True))


def test_damaged_files_are_named_and_left_out(side_by_side_folder):
    first, second = (side_by_side_folder / "train" / name for name in names(side_by_side_folder, "train")[:2])
    first.write_bytes(first.read_bytes()[:60])
    second.write_text("no picture")
    pairs = open_paired(side_by_side_folder, "train", 32, DOMAINS)
    assert len(pairs) == 34
    assert [line.split(" (")[0] for line in pairs.damaged] == [first.name, second.name]
    assert "truncated" in pairs.damaged[0]


def test_a_folder_of_only_damaged_files_is_an_error(tmp_path):
    for number in range(3):
        (tmp_path / "train").mkdir(exist_ok=True)
        (tmp_path / "train" / f"{number}.png").write_text("no picture")
    with pytest.raises(DataError, match="none of the 2 pairs of train"):
        open_paired(tmp_path, "train", 32, DOMAINS)


def test_fingerprints_follow_the_splits_files(side_by_side_folder):
    def fingerprint(split, size=32):
        return open_paired(side_by_side_folder, split, size, DOMAINS).fingerprint

    before = {split: fingerprint(split) for split in SPLITS}
    assert len(set(before.values())) == 3
    assert fingerprint("train", 64) == before["train"]
    Image.new("RGB", (128, 64), "red").save(side_by_side_folder / "val" / "99.png")
    after = {split: fingerprint(split) for split in SPLITS}
    assert [split for split in SPLITS if after[split] != before[split]] == ["test"]


@pytest.mark.timeout(60)  # opening a FIFO waits forever
def test_a_fifo_among_the_pictures_is_left_out(side_by_side_folder):
    os.mkfifo(side_by_side_folder / "train" / "1000.png")
    pairs = open_paired(side_by_side_folder, "train", 32, DOMAINS)
    assert [line.split(" (")[0] for line in pairs.damaged] == ["1000.png"]
    assert len(pairs) > 10


@pytest.mark.parametrize("augment", [True, False])
def test_a_batch_on_a_device_has_the_same_pairs(tmp_path, augment):
    for number in range(4):
        path = tmp_path / "train" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.effect_noise((128, 64), 60 + number).convert("RGB").save(path)
    files = [(path, None) for path in sorted((tmp_path / "train").iterdir())]
    pairs = PairedPictures(files, 32, domains=DOMAINS, augment=augment)
    kept = pairs.on_device(torch.device("cpu"))
    drawn = kept.batch([3, 1, 1, 0], [rng(0), rng(1), rng(2), None])
    alone = [pairs.pair(index, other) for index, other in ((3, rng(0)), (1, rng(1)), (1, rng(2)), (0, None))]
    for side, others in zip(drawn, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(side, torch.stack(others))
    assert torch.equal(drawn[0][1], drawn[0][2]) != augment


def test_pairs_that_do_not_fit_in_memory_are_not_kept_on_a_device(side_by_side_folder, monkeypatch):
    monkeypatch.setattr(paired, "MEMORY", 10)
    assert open_paired(side_by_side_folder, "val", 32, DOMAINS).on_device(torch.device("cpu")) is None


def test_pairs_with_one_picture_of_x_share_a_label(tmp_path):
    """As the pairs of a car in two folders, whose front view is in all of them."""
    for name, colour in (("1", "red"), ("2", "blue"), ("3", "red")):
        picture(tmp_path / "train" / "first" / f"{name}.png", colour)
        picture(tmp_path / "train" / "second" / f"{name}.png", (int(name), 0, 0))
        picture(tmp_path / "val" / "first" / f"{name}.png", colour)
        picture(tmp_path / "val" / "second" / f"{name}.png", (int(name), 0, 0))
    pairs = open_paired(tmp_path, "test", 32, DOMAINS)
    assert labels_of(pairs, None).tolist() == [0, 1, 0]


def test_a_picture_that_is_no_pair_is_not_cut_in_half(side_by_side_folder):
    Image.new("RGB", (640, 480)).save(side_by_side_folder / "val" / "holiday.png")
    Image.new("RGB", (480, 640)).save(side_by_side_folder / "val" / "portrait.png")
    pairs = open_paired(side_by_side_folder, "test", 32, DOMAINS)
    assert len(pairs) == 3
    assert [line.split(" (")[0] for line in pairs.damaged] == ["holiday.png", "portrait.png"]
    assert "640x480" in pairs.damaged[0] and "two folders" in pairs.damaged[0]
    only = side_by_side_folder / "only"
    for number in range(3):
        picture(only / "train" / f"{number}.png", "white")
    with pytest.raises(DataError, match=r"none of the 2 pairs of train .*twice as wide"):
        open_paired(only, "train", 32, DOMAINS)
