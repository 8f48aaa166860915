"""A file with the features of a training's pictures. Experiments train IIAE on them again within minutes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from model.data.pairs import DataError
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.pictures import SIDE_OF, PictureKind

FEATURE_FILE = "features.safetensors"
"""Its name in the folder of a run."""
CHECKPOINT = "checkpoint"

Groups = Mapping[str, Mapping[PictureKind, LabelledFeatures]]
"""Features by kind of pictures, in named groups such as `trained`."""


def save_features(path: Path, groups: Groups, checkpoint: str) -> None:
    """Write features, without their codes of things.

    Args:
        path: the new file; an old one is replaced.
        groups: what to save. The names of groups have no slash.
        checkpoint: the published folder of the model whose backbone gave the features.

    Raises:
        OSError: the file cannot be written.
    """
    tensors = {}
    for group, kinds in groups.items():
        for kind, each in kinds.items():
            tensors[f"{group}/{kind}/features"] = np.ascontiguousarray(each.features)
            tensors[f"{group}/{kind}/labels"] = each.labels
    unfinished = path.with_suffix(".unfinished")
    try:
        save_file(tensors, unfinished, {CHECKPOINT: checkpoint})
        unfinished.replace(path)
    except SafetensorError as error:
        raise OSError(f"cannot write {path}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def load_features(path: Path, checkpoint: str) -> dict[str, dict[PictureKind, LabelledFeatures]]:
    """Read what `save_features` wrote for a checkpoint.

    Raises:
        DataError: the file is missing or damaged, or its features are of another checkpoint.
    """
    groups: dict[str, dict[PictureKind, LabelledFeatures]] = {}
    if not path.is_file():
        raise DataError(f"there is no {path}; train the model again, which saves its features")
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get(CHECKPOINT)
            if found != checkpoint:
                raise DataError(f"{path} has the features of {found}, not of {checkpoint}")
            names = set(file.keys())
            for group in {name.split("/")[0] for name in names}:
                groups[group] = {
                    kind: LabelledFeatures(
                        file.get_tensor(f"{group}/{kind}/features"),
                        file.get_tensor(f"{group}/{kind}/labels").numpy(),
                    )
                    for kind in SIDE_OF  # in one order; that of the file's names is another
                    if f"{group}/{kind}/features" in names
                }
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} has no features: {error}") from error
    return groups
