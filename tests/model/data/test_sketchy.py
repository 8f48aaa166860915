"""Sketchy's folders, splits of classes, and published features."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from model.data.pairs import DataError
from model.data.sketchy import SPLITS, held_out, read_features, read_sketchy, read_unseen


def rng(seed=0):
    return np.random.default_rng(seed)


def picture(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), colour).save(path)


@pytest.fixture
def sketches(tmp_path):
    for label in ("cat", "dog", "owl", "saw"):
        for number in range(3):
            picture(tmp_path / "photo" / label / f"{number}.jpg", "red")
            picture(tmp_path / "sketch" / label / f"{number}-1.png", "white")
    return tmp_path


def test_sketch_folders_are_split_by_a_file_of_names(sketches, tmp_path):
    catalogue = read_sketchy(sketches)
    (tmp_path / "unseen.txt").write_text("saw  # of metal\n\nowl\n")
    unseen = read_unseen(tmp_path / "unseen.txt", catalogue.classes)
    assert unseen == ("owl", "saw")
    seen = catalogue.only(set(catalogue.classes) - set(unseen))
    assert seen.classes == ("cat", "dog")
    assert all(label in {"cat", "dog"} for _, label in (*seen.photos, *seen.sketches))
    assert set(held_out(catalogue.classes, 0.25, 0)) < set(catalogue.classes)


TX = "tx_000000000000"


@pytest.mark.parametrize(
    ("photos", "further", "sketches"),
    [
        (f"256x256/photo/{TX}", "EXTEND_image_sketchy", f"256x256/sketch/{TX}"),
        (f"256x256/photo/{TX}_ready", "EXTEND_image_sketchy_ready", f"256x256/sketch/{TX}_ready"),
        (f"photo/{TX}", "extended_photo", f"sketch/{TX}"),
        ("ImageResized", None, "png"),
        ("ImageResized_ready", None, "png_ready"),
        ("images", None, "sketches"),
    ],
)
def test_published_folders_are_read(tmp_path, photos, further, sketches):
    for label in ("cat", "hot-air_balloon"):
        picture(tmp_path / photos / label / "1.jpg", "red")
        picture(tmp_path / sketches / label / "1-1.png", "white")
    picture(tmp_path / photos / "unicorn" / "1.jpg", "red")  # has no sketch
    if "tx_" in sketches:  # other transformations of the same sketches
        picture((tmp_path / sketches).parent / "tx_000100000000" / "cat" / "1-1.png", "white")
    if further:
        picture(tmp_path / further / "hot_air_balloon" / "ext_1.jpg", "red")
    catalogue = read_sketchy(tmp_path)
    assert catalogue.classes == ("cat", "hot-air_balloon")
    assert [label for _, label in catalogue.sketches] == ["cat", "hot-air_balloon"]
    names = [path.name for path, label in catalogue.photos if label == "hot-air_balloon"]
    assert names == ["1.jpg", "ext_1.jpg"] if further else ["1.jpg"]


def test_lists_of_names_with_numbers_are_read(tmp_path):
    path = tmp_path / "cname_cid_zero.txt"
    path.write_text("hot_air_balloon 0\ncar_(sedan) 1\nroute 66\nalarm clock 3\n")
    classes = ("hot-air_balloon", "car_(sedan)", "route 66", "alarm_clock", "cat")
    assert read_unseen(path, classes) == tuple(sorted(classes[:4]))


def test_classes_that_differ_in_a_remark_stay_apart(tmp_path):
    for label in ("bat (animal)", "bat (club)"):
        picture(tmp_path / "photo" / label / "1.jpg", "red")
        picture(tmp_path / "sketch" / label / "1-1.png", "white")
    assert read_sketchy(tmp_path).classes == ("bat (animal)", "bat (club)")


def test_unseen_files_without_a_known_class_are_refused(sketches, tmp_path):
    (tmp_path / "unseen.txt").write_text("unicorn\n")
    with pytest.raises(DataError, match="unicorn"):
        read_unseen(tmp_path / "unseen.txt", ("cat",))
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(DataError, match="names no class"):
        read_unseen(tmp_path / "empty.txt", ("cat",))
    with pytest.raises(DataError, match="looked for photo"):
        read_sketchy(tmp_path / "photo")


def test_the_published_splits_are_25_and_21_names():

    assert [len((SPLITS / f"sketchy-{count}.txt").read_text().split()) for count in (25, 21)] == [25, 21]


def test_published_features_are_read(tmp_path):
    for domain in ("image", "sketch"):
        np.save(tmp_path / f"train_{domain}_features.npy", rng().random((6, 512), np.float32))
        np.save(
            tmp_path / f"train_{domain}_paths.npy",
            np.array([f"some/{label}/1.jpg" for label in ("cat", "dog") * 3]),
        )
    photos, classes, sketches_, _ = read_features(tmp_path, "train")
    assert photos.shape == sketches_.shape == (6, 512)
    assert classes == ["cat", "dog"] * 3
    with pytest.raises(DataError, match="test_image_features"):
        read_features(tmp_path, "test")


def test_a_published_split_is_read_by_its_name(tmp_path):
    classes = (SPLITS / "sketchy-25.txt").read_text().split()
    assert read_unseen("sketchy-25", [*classes, "cat"]) == tuple(sorted(classes))
    with pytest.raises(DataError, match="cannot be read from sketchy-26"):
        read_unseen("sketchy-26", classes)


def test_at_least_two_classes_are_held_out_and_two_are_left():
    assert len(held_out("abcdefgh", 0.01, 0)) == 2
    with pytest.raises(DataError, match=r"at least 2 must be left.*only 3 seen classes"):
        held_out("abc", 0.1, 0)


def test_spellings_of_a_class_are_one(tmp_path):
    for number, (photo, sketch) in enumerate(
        (("Hot Air Balloon", "hot-air_balloon"), ("hot_air_balloon", "hot_air_balloon"), ("CAT", "cat"))
    ):
        picture(tmp_path / "photo" / photo / f"{number}.jpg", "red")
        picture(tmp_path / "sketch" / sketch / f"{number}.png", "white")
    catalogue = read_sketchy(tmp_path)
    assert len(catalogue.classes) == 2
    counts = Counter(label for _, label in (*catalogue.photos, *catalogue.sketches))
    assert sorted(counts.values()) == [2, 4]
    assert catalogue.left_out == ()


def test_classes_without_a_partner_are_named(tmp_path):
    for label in ("cat", "dog", "owl"):
        picture(tmp_path / "photo" / label / "1.jpg", "red")
    for label in ("cat", "cow"):
        picture(tmp_path / "sketch" / label / "1.png", "white")
    catalogue = read_sketchy(tmp_path)
    assert catalogue.left_out == (
        "2 classes with photos but no sketches: dog, owl",
        "1 class with sketches but no photos: cow",
    )
    assert catalogue.only(["cat"]).left_out == catalogue.left_out
    (tmp_path / "sketch" / "cat").rename(tmp_path / "sketch" / "bat")
    with pytest.raises(DataError, match="3 classes with photos but no sketches: cat, dog, owl"):
        read_sketchy(tmp_path)


def test_a_list_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "unseen.txt"
    path.write_bytes(b"\xef\xbb\xbfcat\r\ndog\r\n")
    assert read_unseen(path, ("cat", "dog", "owl")) == ("cat", "dog")
