"""The folder of a stand-in: it has only the stand-in's files, all made with the same settings."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from model.data.pairs import DataError
from model.regular_file import read_regular
from model.storage import write_bytes

NOTE = "stand-in.json"
"""The file that says what the folder is, and with which settings it was made."""
_INTERRUPTED = re.compile(r"\.(.+)\.\d+")
"""The name of a file whose writing was interrupted (`model.storage.write_bytes`)."""


def prepare(folder: Path, what: str, settings: Mapping[str, int], own: Collection[str]) -> None:
    """Make the folder and its note, or check that those of an interrupted run fit.

    Args:
        folder: the folder.
        what: what it stands in for, for the note.
        settings: what decides the pictures: the program's version, the seed and so on.
        own: the names of all files that may be there, relative to the folder.

    Raises:
        DataError: the folder has other files, or files made with other settings.
        OSError: the disk is full or refuses to write.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder")
    present = {_name(path, folder) for path in folder.rglob("*") if not path.is_dir()}
    if others := sorted(present - {*own, NOTE}):
        raise DataError(
            f"{folder} holds {others[0]}, which this command does not write; name a new or an empty folder"
        )
    note = folder / NOTE
    if note.exists():
        _check(note, settings)
    elif present:
        raise DataError(f"{folder} holds files that this program did not make; name a new folder")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(note, json.dumps({"stand-in for": what, **settings}, indent=2).encode() + b"\n")


def _name(path: Path, folder: Path) -> str:
    """Return a file's name relative to the folder, without the mark of an interrupted writing."""
    if found := _INTERRUPTED.fullmatch(path.name):
        path = path.with_name(found[1])
    return path.relative_to(folder).as_posix()


def _check(note: Path, settings: Mapping[str, int]) -> None:
    try:
        found = json.loads(read_regular(note))
        made = {key: found[key] for key in settings}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{note} cannot be read; delete the folder and start again") from error
    if made != settings:
        had, asked = (", ".join(f"{key} {value}" for key, value in part.items()) for part in (made, settings))
        raise DataError(f"{note.parent} was made with {had}, not with {asked}; name a new folder")
