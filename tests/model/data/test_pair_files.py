"""Forms of folders with pairs, how files are matched, and what is said about those without a partner."""

import pytest
from PIL import Image

from model.data.pair_files import find_pairs, name_some
from model.data.paired import open_paired
from model.data.pairs import DataError

DOMAINS = ("photo", "label")
SPLITS = ("train", "val", "test")


def write(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (32, 32)).save(folder / name)


def numbered(count, suffix="png"):
    return [f"{number}.{suffix}" for number in range(count)]


@pytest.mark.parametrize(
    "form",
    [
        ("{split}/photo", "{split}/label"),
        ("{split}/A", "{split}/B"),
        ("photo/{split}", "label/{split}"),
        ("A/{split}", "B/{split}"),
        ("{split}A", "{split}B"),
    ],
)
def test_forms_with_folders_for_the_splits(tmp_path, form):
    for split, count in (("train", 10), ("val", 3), ("test", 4)):
        for side in form:
            write(tmp_path / side.format(split=split), *numbered(count))
    counts = {split: len(find_pairs(tmp_path, split, DOMAINS).files) for split in SPLITS}
    assert counts == {"train": 10, "val": 3, "test": 4}
    x, y = find_pairs(tmp_path, "train", DOMAINS).files[0]
    assert x.parent == tmp_path / form[0].format(split="train")
    assert y.parent == tmp_path / form[1].format(split="train")


@pytest.mark.parametrize("names", [("photo", "label"), ("A", "B")])
@pytest.mark.parametrize("count", [3, 7, 12, 60])
def test_a_set_of_any_size_has_three_splits(tmp_path, names, count):
    for side in names:
        write(tmp_path / side, *numbered(count))
    splits = {split: {x.name for x, _ in find_pairs(tmp_path, split, DOMAINS).files} for split in SPLITS}
    assert all(splits.values())
    assert sum(map(len, splits.values())) == len(set.union(*splits.values())) == count
    assert len(splits["train"]) >= len(splits["val"])


def test_too_few_pairs_are_said_to_be_too_few(tmp_path):
    for side in DOMAINS:
        write(tmp_path / side, "1.png", "2.png")
    with pytest.raises(DataError, match="has 2 pairs; at least 3"):
        find_pairs(tmp_path, "train", DOMAINS)
    alone = tmp_path / "alone"
    for side in DOMAINS:
        write(alone / "train" / side, "1.png")
    with pytest.raises(DataError, match="one training pair"):
        find_pairs(alone, "train", DOMAINS)


def test_names_match_exactly_first_and_then_without_case_and_spaces(tmp_path):
    write(tmp_path / "train" / "photo", "1_2.png", "12.png", "A House.jpg", "b.png", "C_1.png", "c1.png")
    write(tmp_path / "train" / "label", "1_2.png", "12.png", "a-house.png", "B.jpg", "C-1.png")
    found = [find_pairs(tmp_path, split, DOMAINS) for split in ("train", "val")]
    pairs = {(x.name, y.name) for each in found for x, y in each.files}
    assert pairs == {
        ("1_2.png", "1_2.png"),
        ("12.png", "12.png"),
        ("A House.jpg", "a-house.png"),
        ("b.png", "B.jpg"),
    }
    assert {path.name for path in found[0].unpaired} == {"C_1.png", "c1.png", "C-1.png"}


def test_files_without_a_partner_are_counted_and_named(tmp_path):
    write(tmp_path / "photo", *numbered(20), *(f"extra {number}.png" for number in range(8)))
    write(tmp_path / "label", *numbered(20))
    pairs = open_paired(tmp_path, "train", 32, DOMAINS)
    [sentence] = pairs.left_out
    assert sentence.startswith("8 pictures without a partner of the same name: photo/extra 0.png")
    assert sentence.endswith("and 3 more")
    assert open_paired(tmp_path, "val", 32, DOMAINS).left_out


def test_folders_without_any_pair_name_their_files(tmp_path):
    write(tmp_path / "train" / "photo", "one.png")
    write(tmp_path / "train" / "label", "two.png")
    with pytest.raises(DataError, match=r"train/photo/one\.png, train/label/two\.png"):
        find_pairs(tmp_path, "train", DOMAINS)


def test_two_files_of_one_name_are_refused(tmp_path):
    write(tmp_path / "train" / "photo", "1.png", "1.jpg", "2.png")
    write(tmp_path / "train" / "label", "1.png", "2.png")
    with pytest.raises(DataError, match=r"has 1\.jpg and 1\.png"):
        find_pairs(tmp_path, "train", DOMAINS)


def test_only_some_names_are_written():
    assert name_some("abc") == "a, b, c"
    assert name_some(map(str, range(1_010))) == "0, 1, 2, 3, 4 and 1,005 more"
