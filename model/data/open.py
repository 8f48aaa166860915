"""Open any form of image data; a preset names its reader, never its data set."""

from pathlib import Path

from model.data.cars import open_cars
from model.data.mnist_cdcb import open_mnist_cdcb
from model.data.paired import open_paired
from model.data.pairs import DataError, Pairs, Split
from model.data.synthetic import SyntheticPairs
from model.presets import Reader

SYNTHETIC = {"train": (512, 0), "val": (64, 1), "test": (64, 2)}
"""Pairs and seed of each split of the synthetic data."""


def open_pairs(
    reader: Reader,
    folder: Path,
    split: Split,
    image_size: int,
    domains: tuple[str, str],
    *,
    augment: bool = False,
) -> Pairs:
    """Return the pairs of one split.

    The published folders of MNIST-CDCB and Cars pictures have the form of `paired` data, so they are read as
    such.

    Args:
        reader: the form of the data.
        folder: the data's folder.
        split: train, val or test.
        image_size: side of the pictures in pixels.
        domains: names of X and Y.
        augment: whether training pairs vary from draw to draw, where they can (`varies`). `paired` data is
            cropped and mirrored; digits get new colours.

    Raises:
        DataError: the folder does not have this form.
    """
    match reader:
        case "synthetic":
            count, seed = SYNTHETIC[split]
            return SyntheticPairs(count, image_size, domains=domains, seed=seed)
        case "paired":
            return open_paired(folder, split, image_size, domains, augment=augment)
        case "mnist-cdcb" | "cars" if _is_paired(folder):
            return open_paired(folder, split, image_size, domains)
        case "mnist-cdcb":
            return open_mnist_cdcb(folder, split, image_size, domains, augment=augment)
        case "cars":
            return open_cars(folder, split, image_size, domains)
        case "sketchy":
            raise DataError("Sketchy's classes have no pairs of pictures; use `iiae train sketchy`")


def varies(reader: Reader, folder: Path) -> bool:
    """Return whether training pairs of these data can vary from draw to draw.

    Pictures of Cars and of a published MNIST-CDCB do not, because a mirrored digit or car means something
    else.
    """
    match reader:
        case "paired":
            return True
        case "mnist-cdcb":
            return not _is_paired(folder)
        case "cars" | "synthetic" | "sketchy":
            return False


def _is_paired(folder: Path) -> bool:
    """Return whether MNIST-CDCB or Cars is in folders, as published for pix2pix."""
    return (folder / "train").is_dir()
