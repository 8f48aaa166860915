"""Change the photos of a gallery as their files changed. All methods are part of one write transaction.

A photo that was uploaded, or whose file is also elsewhere, loses nothing when a file vanishes. A label that
somebody changed by hand stays.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.galleries.folder_walk import FoundFile
from service.galleries.photo_transaction import PhotoTransaction
from service.galleries.records import NewPhoto, Photo
from service.galleries.sync.file_rows import FileRows
from service.galleries.sync.records import FileRecord, Folder, SyncReport
from service.galleries.sync.unreadable_rows import UnreadableFile, UnreadableRows


class Placing:
    """The changes of one transaction to the photos of one folder.

    Attributes:
        unused: SHA-256 of photos that this transaction removed or gave another picture.
    """

    def __init__(self, transaction: PhotoTransaction, folder: Folder, report: SyncReport) -> None:
        self._photos, self._rows = transaction, FileRows(transaction.connection)
        self._folder, self._report = folder, report
        self._paths = {each.id: each.path for each in self._rows.folders()}
        self.unused: list[str] = []

    def move(self, record: FileRecord, file: FoundFile, mtime: int) -> None:
        """Give a file its new path, or only its new time, and its photo the path and label."""
        photo = self._photos.photo(record.photo)
        old, new = self._path(record), str(self._folder.path / file.path)
        if (
            photo is not None
            and photo.source is not None
            and (photo.source == old or not _file_exists(photo))
        ):
            self._relocate(photo, record, file)
        if old != new:
            self._report.moved += 1
        self._rows.put(
            replace(
                record, folder=self._folder.id, path=file.path, label=file.label, size=file.size, mtime=mtime
            )
        )

    def attach(self, photo: Photo, file: FoundFile, mtime: int) -> None:
        """Record a new file whose picture the gallery has already. If it was elsewhere, it has moved."""
        others = self._others(photo.id)
        here = str(self._folder.path / file.path)
        if photo.source is not None and (photo.source == here or not self._shows(photo)):
            before = next((each for each in others if self._path(each) == photo.source), None)
            if before is None:
                # An earlier version indexed it: its folder gave the label. An imported photo keeps its label.
                label = None if photo.is_elsewhere else photo.label
                before = self._record(photo, file, mtime, label=label, path=_file_name(photo))
            self._relocate(photo, before, file)
            for each in others:
                if not Path(self._path(each)).exists():
                    self._rows.delete(each)
            if photo.source == here:
                self._report.unchanged += 1
            else:
                self._report.moved += 1
        else:
            self._report.copies += 1
        self._rows.put(self._record(photo, file, mtime, label=file.label, path=file.path))

    def known(self, before: FileRecord | None, sha256: str, file: FoundFile, mtime: int) -> None:
        """Record a new or changed file whose picture the gallery had when it was read."""
        photo = self._photos.with_digest(sha256)
        if photo is None:  # somebody removed it since; the next sync reads the file again
            return
        if before is not None:
            self.release(before)
        self.attach(photo, file, mtime)

    def add(self, new: NewPhoto, file: FoundFile, mtime: int) -> None:
        """Add the photo of a file."""
        present = self._photos.with_digest(new.sha256)
        if present is not None and present.source is None:  # an upload keeps its own file
            new = replace(new, source=None)
        photo = self._photos.insert([new])[new.sha256]
        if present is not None:
            self.attach(present, file, mtime)
        else:
            self._report.added += 1
            self._rows.put(self._record(photo, file, mtime, label=file.label, path=file.path))

    def replace(self, before: FileRecord, new: NewPhoto, file: FoundFile, mtime: int) -> None:
        """Give the photo of a file its new picture. If the photo is needed elsewhere, add a photo."""
        photo = self._photos.photo(before.photo)
        may_change = photo is not None and photo.source == self._path(before)
        may_change = may_change and not self._others(before.photo, before)
        if photo is None or not may_change or self._photos.has(new.sha256):
            self.release(before)
            self.add(new, file, mtime)
            return
        label = file.label if photo.label == before.label else photo.label
        self._photos.replace(photo.id, replace(new, label=label, metadata=photo.metadata))
        self.unused.append(photo.sha256)
        self._report.changed += 1
        changed = replace(photo, sha256=new.sha256)
        self._rows.put(self._record(changed, file, mtime, label=file.label, path=file.path))

    def remember_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        """Remember files that cannot be decoded, so that the next sync does not try again."""
        UnreadableRows(self._photos.connection, self._folder.id).put(files)

    def release(self, record: FileRecord) -> None:
        """Forget a file that is gone, and remove its photo unless its picture is elsewhere."""
        self._rows.delete(record)
        photo = self._photos.photo(record.photo)
        if photo is None or photo.source is None:
            return
        if photo.source != self._path(record) and self._shows(photo):
            return
        others = self._others(photo.id, record)
        others.sort(key=lambda each: not Path(self._path(each)).exists())
        if others:
            self._relocate(photo, record, others[0])
        elif (sha256 := self._photos.delete(photo.id)) is not None:
            self.unused.append(sha256)
            self._report.removed += 1

    def _relocate(self, photo: Photo, before: FileRecord, to: FoundFile | FileRecord) -> None:
        """Give a photo another path, and the label of its folder unless somebody changed that by hand."""
        folder = self._folder.path if isinstance(to, FoundFile) else self._paths[to.folder]
        source = str(folder / to.path)
        if photo.source != source:
            self._photos.move(photo.id, source)
        metadata = photo.metadata
        if metadata.get("file") == before.path:
            metadata = metadata | {"file": to.path}
        label = to.label if photo.label == before.label else photo.label
        if label != photo.label:
            self._report.relabelled += 1
        if label != photo.label or metadata != photo.metadata:
            self._photos.change(photo.id, {"label": label, "metadata": metadata})

    def _shows(self, photo: Photo) -> bool:
        """Return whether the file at a photo's path is there and has its picture, as far as is known."""
        source = photo.file
        if source is None or not source.exists():
            return False
        inner = [
            (key, source.relative_to(path)) for key, path in self._paths.items() if path in source.parents
        ]
        known = [self._rows.at(key, path.as_posix()) for key, path in inner]
        return all(each is None or each.photo == photo.id for each in known)

    def _others(self, photo_id: int, without: FileRecord | None = None) -> list[FileRecord]:
        """Return the files with the picture of a photo, without one of them."""
        files = [each for each in self._rows.of_photo(photo_id) if each.folder in self._paths]
        return [each for each in files if without is None or each.id != without.id]

    def _record(
        self, photo: Photo, file: FoundFile, mtime: int, *, label: str | None, path: str
    ) -> FileRecord:
        return FileRecord(
            id=None,
            folder=self._folder.id,
            path=path,
            photo=photo.id,
            sha256=photo.sha256,
            label=label,
            size=file.size,
            mtime=mtime,
        )

    def _path(self, record: FileRecord) -> str:
        """Return the whole path of a file."""
        return str(self._paths[record.folder] / record.path)


def _file_exists(photo: Photo) -> bool:
    """Return whether there is something at a photo's path."""
    return photo.file is not None and photo.file.exists()


def _file_name(photo: Photo) -> str:
    """Return the path, relative to its folder, that an earlier version gave a photo. Empty if unknown."""
    name = photo.metadata.get("file")
    return name if isinstance(name, str) else ""
