"""The one door to all readers: a preset names its reader, never its data set."""

from pathlib import Path

from model.data.cars import open_cars
from model.data.mnist_cdcb import open_mnist_cdcb
from model.data.paired import open_paired
from model.data.pairs import DataError, Pairs, Split
from model.data.synthetic import SyntheticPairs

READERS = ("mnist-cdcb", "paired", "cars", "synthetic")
SYNTHETIC = {"train": (512, 0), "val": (64, 1), "test": (64, 2)}


def open_pairs(
    reader: str,
    folder: Path,
    split: Split,
    image_size: int,
    domains: tuple[str, str],
    *,
    augment: bool = True,
) -> Pairs:
    """The pairs of one split in a reader's form; the published MNIST-CDCB and Cars folders of JPEGs are `paired`.

    Raises:
        DataError: the folder is not of that form, or the reader is unknown.
    """
    if reader == "synthetic":
        count, seed = SYNTHETIC[split]
        return SyntheticPairs(count, image_size, domains=domains, seed=seed)
    if reader == "paired" or (reader in READERS and (folder / "train").is_dir()):
        mirrored = augment and reader == "paired"  # a mirrored digit or car view is another one
        return open_paired(folder, split, image_size, domains, augment=mirrored)
    if reader == "mnist-cdcb":
        return open_mnist_cdcb(folder, split, image_size, domains)
    if reader == "cars":
        return open_cars(folder, split, image_size, domains)
    raise DataError(f"no reader is called {reader!r}; there are {', '.join(READERS)}")
