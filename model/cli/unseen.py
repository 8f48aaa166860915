"""The classes of a folder of sketches that a command trains on or measures."""

from pathlib import Path

from model.data.quickdraw import DoodleFiles, read_quickdraw
from model.data.sketchy import SketchyFiles, read_sketchy, read_unseen


def measured_classes(data: Path, unseen: str | None) -> SketchyFiles:
    """Return the files of the unseen classes, or all files if no split is named."""
    catalogue = read_sketchy(data)
    return catalogue.only(read_unseen(unseen, catalogue.classes)) if unseen else catalogue


def seen_classes(data: Path, unseen: str | None) -> SketchyFiles:
    """Return the files of all classes but the unseen ones."""
    catalogue = read_sketchy(data)
    hidden = read_unseen(unseen, catalogue.classes) if unseen else ()
    return catalogue.only(label for label in catalogue.classes if label not in hidden)


def seen_doodles(folder: Path, data: Path, unseen: str | None) -> DoodleFiles:
    """Return the doodles of all things that are not related to an unseen class of the data."""
    hidden = read_unseen(unseen, read_sketchy(data).classes) if unseen else ()
    return read_quickdraw(folder).without(hidden)
