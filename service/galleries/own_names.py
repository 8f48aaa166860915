"""The names of the files and folders that this program makes in a folder of galleries.

Cleaning and repairs delete nothing that has another name: it belongs to somebody else.
"""

import os
import re
import shutil
from pathlib import Path

from model.checkpoint import NAME
from service.galleries.database import DATABASE, JOURNALS

PICTURE = re.compile(r"[0-9a-f]{64}")
THUMBNAIL = re.compile(r"[0-9a-f]{64}\.webp")
INDEX_FILE = re.compile(r"-?[0-9]+-[0-9a-f]{12}\.faiss|note\.json")
DATABASE_FILES = re.compile(rf"{re.escape(DATABASE)}(?:{'|'.join(JOURNALS)})?")
SHARD = re.compile(r"[0-9a-f]{2}")
"""Folder of the files whose names begin with these two characters."""
HIDDEN_GALLERY = re.compile(rf"\.{NAME.pattern}-[0-9a-f]{{32}}")
"""Folder of a gallery that is being created or deleted."""


def temporary(names: re.Pattern[str]) -> re.Pattern[str]:
    """Return the names of the temporary files of `write_whole` for files with these names."""
    return re.compile(rf"\.(?:{names.pattern})\.[0-9]+\.[0-9]+")


def _gallery() -> re.Pattern[str]:
    """Return the paths, relative to a gallery's folder, of everything in it that this program makes."""
    folders = {"photos": PICTURE, "thumbnails": THUMBNAIL}
    stored = [
        rf"{folder}(?:/{SHARD.pattern}(?:/(?:{names.pattern}|{temporary(names).pattern}))?)?"
        for folder, names in folders.items()
    ]
    index = rf"index(?:/(?:{INDEX_FILE.pattern}|{temporary(INDEX_FILE).pattern}))?"
    return re.compile(
        "|".join([*stored, index, DATABASE_FILES.pattern, r"(?:reindex|sync)\.lock", r"quarantine(?:/.*)?"]),
        re.DOTALL,
    )


GALLERY = _gallery()


def delete_folder(folder: Path, contents: re.Pattern[str]) -> bool:
    """Delete a folder if everything in it has a relative path that this program makes.

    Returns:
        False if something in it has another name. Then nothing is deleted.

    Raises:
        OSError.
    """
    for parent, folders, files in os.walk(folder, onerror=_raise):
        for name in (*folders, *files):
            if not contents.fullmatch(str(Path(parent, name).relative_to(folder))):
                return False
    shutil.rmtree(folder)
    return True


def _raise(error: OSError) -> None:
    raise error
