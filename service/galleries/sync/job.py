"""Bring a gallery in step with a folder: one sync.

1. Read the names, sizes and times of all files (`folder_walk`), and compare them with the last sync (`plan`).
2. Check that it would not remove too much. Until here, nothing is changed.
3. Move photos whose files have moved, and remove those whose files are gone.
4. Read new and changed files, embed them in batches, and store each batch in one transaction.

A sync can be killed at any moment. The next one does the rest.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from model.checkpoint import code_version
from model.images import decode
from model.inference import Inference
from service.errors import GalleryReindexed
from service.galleries.folder_walk import FoundFile, Walk, walk
from service.galleries.gallery import Gallery
from service.galleries.photo_transaction import PhotoTransaction
from service.galleries.read_ahead import read_ahead
from service.galleries.records import NewPhoto
from service.galleries.sizes import correct_sizes
from service.galleries.sync.adoption import adopted
from service.galleries.sync.file_rows import FileRows
from service.galleries.sync.guard import check_removals
from service.galleries.sync.lock import syncing
from service.galleries.sync.placing import Placing
from service.galleries.sync.plan import Plan, ToRead, make_plan
from service.galleries.sync.reading import ContentReader, ReadBatch, ReadFile, digests
from service.galleries.sync.records import UNKNOWN, FileRecord, Folder, SyncOptions, SyncRefused, SyncReport
from service.galleries.sync.unreadable_rows import UnreadableFile, UnreadableRows

T = TypeVar("T")

BATCH = 32
"""Photos in one forward pass and one transaction."""
STEP = 500
"""Files that one transaction moves or removes."""
SAVE_SHARE = 20
"""The index is saved if one in so many photos has changed."""
RECENT = 3_000_000_000
"""Nanoseconds after a file's last change in which a further change may not change its time."""

OnProgress = Callable[[int, int], None]
"""Takes the number of files that were read, and of all files to read."""


class Sync:
    """One sync of a gallery with one folder.

    Args:
        inference: returns the model that embedded the gallery. It is called if there is something to embed.
        is_picture: whether a file is a picture, see `walk`.
        max_pixels: maximum number of pixels of a photo.
        on_progress: called after each batch that was read.
    """

    def __init__(
        self,
        gallery: Gallery,
        folder: Folder,
        inference: Callable[[], Inference],
        *,
        is_picture: Callable[[Path], bool],
        max_pixels: int,
        options: SyncOptions,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._gallery, self._folder, self._inference = gallery, folder, inference
        self._is_picture, self._max_pixels = is_picture, max_pixels
        self._options, self._on_progress = options, on_progress
        self._report = SyncReport()
        self._started = time.time_ns()
        self._unreadable: dict[str, UnreadableFile] = {}
        # the model matters, too: one of drawings refuses a picture without a drawing
        self._reader = f"iiae {code_version()}, decoder {decode.VERSION}, {max_pixels} pixels"
        self._reader += f", model {gallery.spec.digest}"

    def run(self) -> SyncReport:
        """Sync, and return what was done.

        Raises:
            SyncRefused: it would remove too much, the folder cannot be read, or another process syncs the
                gallery.
            GalleryReindexed, GalleryNotFound, GalleryBusy, StorageFull, StorageUnavailable.
        """
        with syncing(self._gallery):
            correct_sizes(self._gallery)
            with self._gallery.database.reading() as connection:
                rows = FileRows(connection)
                records = list(rows.files(self._folder.id))
                self._unreadable = UnreadableRows(connection, self._folder.id).all()
                photos = {int(row[0]) for row in connection.execute("SELECT id FROM photos")}
            records += adopted(self._gallery, self._folder, records)
            found, plan = self._plan(records, photos)
            if (
                plan.gone and not self._options.keep
            ):  # a file that moved during the walk looks like a lost one
                found, plan = self._plan(records, photos)
            if not self._options.keep and not self._options.force:
                check_removals(self._folder.path, plan, photos)
            self._apply(plan, found)
            return self._report

    def _plan(self, records: list[FileRecord], photos: set[int]) -> tuple[Walk, Plan]:
        found = self._walk({record.path for record in records})
        return found, make_plan(
            found,
            records,
            photos,
            self._digests,
            unreadable=self._unreadable,
            reader=self._reader,
            again=self._options.again,
        )

    def _walk(self, known: set[str]) -> Walk:
        def is_picture(path: str) -> bool:
            return path in known or self._is_picture(self._folder.path / path)

        if self._options.force and not self._folder.path.exists():
            return Walk()
        galleries = self._gallery.folder.parent
        try:
            return walk(self._folder.path, is_picture, self._folder.exclude, galleries=galleries)
        except OSError as error:
            raise SyncRefused(
                f"the folder {self._folder.path} cannot be read ({error.strerror}), so nothing was changed"
            ) from error

    def _digests(self, files: Sequence[FoundFile]) -> dict[str, str]:
        return digests(self._folder.path, files)

    def _apply(self, plan: Plan, found: Walk) -> None:
        report = self._report
        report.skipped, report.unreadable = found.skipped, list(found.unreadable)
        report.unreadable += [f"{file.path}: {file.reason}" for file in plan.unreadable]
        report.unchanged = plan.unchanged + len(plan.touched)
        report.removed_by_hand, report.unreachable = plan.removed_by_hand, plan.unreachable
        self._forget_unreadable(plan.unreadable)
        self._move(plan.touched)
        self._move(plan.moved)
        if self._options.keep:
            report.kept = len(plan.gone)
        else:
            self._release(plan.gone)
        if plan.to_read:
            self._read(plan.to_read)
        if SAVE_SHARE * (report.added + report.changed + report.removed) >= max(self._gallery.count, 1):
            self._gallery.save_index()  # else the next search of each process catches up as fast

    def _forget_unreadable(self, still: Sequence[UnreadableFile]) -> None:
        """Forget the unreadable files of earlier syncs that are gone, have changed, or are read again."""
        others = self._unreadable.keys() - {file.path for file in still}
        if others:
            with self._gallery.database.transaction() as connection:
                UnreadableRows(connection, self._folder.id).delete(others)

    def _move(self, pairs: Sequence[tuple[FileRecord, FoundFile]]) -> None:
        for part in _parts(pairs, STEP):
            with self._placing([]) as placing:
                for record, file in part:
                    placing.move(record, file, self._mtime(file))

    def _release(self, gone: Sequence[FileRecord]) -> None:
        for part in _parts(gone, STEP):
            with self._placing([]) as placing:
                for record in part:
                    placing.release(record)

    def _read(self, files: Sequence[ToRead]) -> None:
        """Read files, embed their pictures and store them, batch by batch."""
        reader = ContentReader(self._gallery, self._folder.path, self._inference(), self._max_pixels)
        done = 0
        for batch in read_ahead(_parts(files, BATCH), reader.read):
            self._report.unreadable += batch.unreadable
            new = reader.embed(batch)
            with self._placing(list(new.values())) as placing:
                for each in batch.files:
                    self._place(placing, each, new.get(each.sha256))
                placing.remember_unreadable(self._remembered(batch))
            done += len(batch.files) + len(batch.unreadable)
            if self._on_progress is not None:
                self._on_progress(done, len(files))

    def _place(self, placing: Placing, read: ReadFile, new: NewPhoto | None) -> None:
        file, before = read.planned.file, read.planned.before
        mtime = self._mtime(file)
        if new is None:  # the gallery has its picture
            placing.known(before, read.sha256, file, mtime)
        elif before is not None:
            placing.replace(before, new, file, mtime)
        else:
            placing.add(new, file, mtime)

    def _remembered(self, batch: ReadBatch) -> list[UnreadableFile]:
        """Return the undecodable files of a batch that the next sync need not try again."""
        return [
            UnreadableFile(file.path, file.size, file.mtime, self._reader, reason)
            for file, reason in batch.undecodable
            if self._mtime(file) != UNKNOWN
        ]

    @contextmanager
    def _placing(self, photos: Sequence[NewPhoto]) -> Iterator[Placing]:
        """Open a transaction that adds these photos. Files of photos that it removes are deleted after it."""
        with self._gallery.storing(photos) as transaction:
            self._check_space(transaction)
            placing = Placing(transaction, self._folder, self._report)
            yield placing
        if placing.unused:
            self._gallery.remove_unused_files(placing.unused)

    def _check_space(self, transaction: PhotoTransaction) -> None:
        """Raise GalleryReindexed, with what to do, if the gallery was re-embedded during the sync."""
        try:
            self._gallery.database.check_space(transaction.connection)
        except GalleryReindexed:
            raise GalleryReindexed(
                f"gallery {self._gallery.name!r} was re-embedded during the sync; sync it again"
            ) from None

    def _mtime(self, file: FoundFile) -> int:
        """Return the time of a file's last change, or `UNKNOWN` if a further change may not change it."""
        return UNKNOWN if abs(self._started - file.mtime) < RECENT else file.mtime


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
