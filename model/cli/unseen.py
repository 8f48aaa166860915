"""The classes of a folder of sketches that a command trains on or measures."""

from pathlib import Path

from model.data.icons import read_icons
from model.data.pairs import DataError
from model.data.quickdraw import read_quickdraw
from model.data.sketchy import SketchyFiles, read_sketchy, read_unseen
from model.sketch.further_pictures import FurtherFiles


def measured_classes(data: Path, unseen: str | None) -> SketchyFiles:
    """Return the files of the unseen classes, or all files if no split is named."""
    catalogue = read_sketchy(data)
    return catalogue.only(read_unseen(unseen, catalogue.classes)) if unseen else catalogue


def seen_classes(data: Path, unseen: str | None) -> SketchyFiles:
    """Return the files of all classes but the unseen ones."""
    catalogue = read_sketchy(data)
    hidden = read_unseen(unseen, catalogue.classes) if unseen else ()
    return catalogue.only(label for label in catalogue.classes if label not in hidden)


def further_files(
    doodles: Path | None, icons: Path | None, data: Path, unseen: str | None, doodles_per_class: int
) -> FurtherFiles:
    """Return the doodles and icons of all things that are not related to an unseen class of the data.

    Icons of things that have neither photos nor doodles count if several sets have them.

    Raises:
        DataError: a folder has no doodles or no icon sets, or none of a thing to train on.
    """
    classes = read_sketchy(data).classes
    doodle_files = None if doodles is None else read_quickdraw(doodles)
    things = [*classes, *(doodle_files.classes if doodle_files else ())]
    icon_files = None if icons is None else read_icons(icons, things)
    files = FurtherFiles(doodle_files, icon_files, doodles_per_class)
    chosen = files.without(read_unseen(unseen, classes) if unseen else ())
    if chosen.doodles is not None and not chosen.doodles.files:
        raise DataError(f"all doodles in {doodles} show unseen classes")
    if chosen.icons is not None and not chosen.icons.icons:
        raise DataError(f"{icons} has no icon of a class with photos or doodles to train on")
    return chosen
