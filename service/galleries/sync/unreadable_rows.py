"""The rows of files of followed folders that no sync could decode, and why.

An unchanged one is not decoded again at each sync, but each sync names it. A file is tried again if its size
or time has changed, or if the reader has: another version of this program, model or limit may read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from service.galleries.checksums import UNREADABLE, checksum, is_intact, selected
from service.galleries.folder_walk import FoundFile
from service.galleries.schema import Connection


@dataclass(frozen=True)
class UnreadableFile:
    """A file that could not be decoded.

    Attributes:
        path: relative to its folder.
        reader: what tried to read it.
        reason: what a user is told.
    """

    path: str
    size: int
    mtime: int
    reader: str
    reason: str

    def still_is(self, file: FoundFile, reader: str) -> bool:
        """Return whether a file at this path is the same, and would be read in the same way."""
        return (self.size, self.mtime, self.reader) == (file.size, file.mtime, reader)


class UnreadableRows:
    """The unreadable files of one folder, in one transaction."""

    def __init__(self, connection: Connection, folder: int) -> None:
        self._connection, self._folder = connection, folder

    def all(self) -> dict[str, UnreadableFile]:
        """Return the files by path. Damaged rows are ignored: their files are read again."""
        rows = self._connection.execute(
            f"SELECT {selected(UNREADABLE, 'unreadable')} FROM unreadable WHERE folder = ?", (self._folder,)
        )
        files = [
            UnreadableFile(
                str(path, "utf-8"), int(size), int(mtime), str(reader, "utf-8"), str(reason, "utf-8")
            )
            for _, path, size, mtime, reader, reason, *_ in filter(is_intact, rows)
        ]
        return {file.path: file for file in files}

    def put(self, files: Iterable[UnreadableFile]) -> None:
        """Remember files, in the place of those with the same path."""
        for file in files:
            values = (self._folder, file.path, file.size, file.mtime, file.reader, file.reason)
            self._connection.execute(
                f"INSERT OR REPLACE INTO unreadable ({', '.join((*UNREADABLE, 'checksum'))})"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, checksum(*values)),
            )

    def delete(self, paths: Iterable[str]) -> None:
        """Forget files."""
        self._connection.executemany(
            "DELETE FROM unreadable WHERE folder = ? AND path = ?", [(self._folder, path) for path in paths]
        )
