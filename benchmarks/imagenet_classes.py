"""List the unseen classes that are among ImageNet's 1,000 classes, which the backbone was pretrained on.

    pip download --no-deps timm && python -m benchmarks.imagenet_classes --data DIR --synsets timm-*.whl

Sketchy's photos are from ImageNet, and each file name starts with the photo's synset. timm's wheel has the
list of the 1,000 synsets.
"""

import zipfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.shared.options import Data
from model.data.sketchy import SPLITS, read_sketchy, read_unseen

LIST = "timm/data/_info/imagenet_synsets.txt"


def main(
    data: Data,
    synsets: Annotated[Path, typer.Option(help="timm's wheel.")],
) -> None:
    """Print a table for each split."""
    with zipfile.ZipFile(synsets) as wheel:
        known = set(wheel.read(LIST).decode().split())
    catalogue = read_sketchy(data)
    for split in sorted(SPLITS.glob("*.txt")):
        table = Table("unseen class", "photos", "of ImageNet's 1,000", title=split.stem)
        pretrained_classes = 0
        for name in read_unseen(split, catalogue.classes):
            photos = [path.name.split("_")[0] for path, label in catalogue.photos if label == name]
            pretrained = sum(synset in known for synset in photos)
            pretrained_classes += pretrained > 0
            table.add_row(name, str(len(photos)), str(pretrained))
        table.add_row("classes with any", "", str(pretrained_classes))
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
