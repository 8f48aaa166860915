"""The rows of folders that a gallery follows, and of their files.

    folders    path and patterns of what is left out
    files      path, size, time, SHA-256 and photo of each file as of the last sync

The rows say what the last sync saw. They can be lost: the next sync then reads the files again, and finds
their photos by content. Damaged rows are ignored.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from service.galleries.checksums import FILE, FOLDER, RawRow, checksum, is_intact, last_id, selected
from service.galleries.schema import Connection
from service.galleries.sync.records import FileRecord, Folder

PAGE = 10_000
_FILE_COLUMNS = selected(FILE, "files")
_INSERT_FILE = f"INSERT OR REPLACE INTO files ({', '.join((*FILE, 'checksum'))}) VALUES (?,?,?,?,?,?,?,?,?)"


class FileRows:
    """Folders and files, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def folders(self) -> list[Folder]:
        """Return the followed folders, by id."""
        rows = self._connection.execute(f"SELECT {selected(FOLDER, 'folders')} FROM folders ORDER BY id")
        return [
            Folder(int(row[0]), Path(str(row[1], "utf-8")), tuple(json.loads(row[2])))
            for row in rows
            if is_intact(row)
        ]

    def follow(self, path: Path, exclude: Sequence[str] | None) -> Folder:
        """Return a folder, from now on followed. With `exclude` None, its patterns stay."""
        known = next((folder for folder in self.folders() if folder.path == path), None)
        patterns = tuple(exclude) if exclude is not None else known.exclude if known else ()
        if known is not None and known.exclude == patterns:
            return known
        folder_id = known.id if known else self._free_id("folders")
        values = (folder_id, str(path), json.dumps(patterns))
        self._connection.execute(
            "INSERT OR REPLACE INTO folders (id, path, exclude, checksum) VALUES (?, ?, ?, ?)",
            (*values, checksum(*values)),
        )
        return Folder(folder_id, path, patterns)

    def unfollow(self, folder: Folder) -> None:
        """Forget a folder and its files."""
        self._connection.execute("DELETE FROM files WHERE folder = ?", (folder.id,))
        self._connection.execute("DELETE FROM unreadable WHERE folder = ?", (folder.id,))
        self._connection.execute("DELETE FROM folders WHERE id = ?", (folder.id,))

    def files(self, folder: int) -> Iterator[FileRecord]:
        """Yield the files of a folder."""
        after = 0
        query = f"SELECT {_FILE_COLUMNS} FROM files WHERE id > ? AND folder = ? ORDER BY id LIMIT ?"
        while rows := self._connection.execute(query, (after, folder, PAGE)).fetchall():
            after = last_id(rows, after)
            yield from _records(rows)

    def of_photo(self, photo_id: int) -> list[FileRecord]:
        """Return the files that have the picture of a photo, by path."""
        rows = self._connection.execute(
            f"SELECT {_FILE_COLUMNS} FROM files WHERE photo = ? ORDER BY folder, path", (photo_id,)
        ).fetchall()
        return list(_records(rows))

    def at(self, folder: int, path: str) -> FileRecord | None:
        """Return the file at a path of a folder."""
        query = f"SELECT {_FILE_COLUMNS} FROM files WHERE folder = ? AND path = ?"
        return next(_records(self._connection.execute(query, (folder, path)).fetchall()), None)

    def put(self, file: FileRecord) -> None:
        """Write the row of a file, in the place of the row with its id and of the one with its path."""
        if file.id is None:
            found = self._connection.execute(
                "SELECT id FROM files WHERE folder = ? AND path = ?", (file.folder, file.path)
            ).fetchone()
            file_id = int(found[0]) if found else self._free_id("files")
        else:
            file_id = file.id
        values = (
            file_id,
            file.folder,
            file.path,
            file.photo,
            file.sha256,
            file.label,
            file.size,
            file.mtime,
        )
        self._connection.execute(_INSERT_FILE, (*values, checksum(*values)))

    def delete(self, file: FileRecord) -> None:
        """Forget a file."""
        if file.id is not None:
            self._connection.execute("DELETE FROM files WHERE id = ?", (file.id,))

    def _free_id(self, table: str) -> int:
        highest = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0]
        return int(highest or 0) + 1


def _records(rows: Iterable[RawRow]) -> Iterator[FileRecord]:
    for row in rows:
        if not is_intact(row):
            continue
        file_id, folder, path, photo, sha256, label, size, mtime, _ = row
        assert file_id and folder and path and photo and sha256 and size and mtime
        yield FileRecord(
            id=int(file_id),
            folder=int(folder),
            path=path.decode(),
            photo=int(photo),
            sha256=sha256.decode(),
            label=None if label is None else label.decode(),
            size=int(size),
            mtime=int(mtime),
        )
