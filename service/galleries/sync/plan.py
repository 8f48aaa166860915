"""Compare the files of a folder with those of the last sync, and decide what became of each.

A file with the same path, size and time is unchanged. Contents matter only for the others: a file with the
content of one that is gone has moved. It then has its size, too, so other new files are not read for that.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.galleries.folder_walk import FoundFile, Walk
from service.galleries.sync.records import UNKNOWN, FileRecord
from service.galleries.sync.unreadable_rows import UnreadableFile

Digests = Callable[[Sequence[FoundFile]], dict[str, str]]
"""Returns the SHA-256 of files, by path. Files that cannot be read are left out."""


@dataclass(frozen=True)
class ToRead:
    """A file whose content is not that of a file of the last sync.

    Attributes:
        before: the file at this path as of the last sync, which had another content.
    """

    file: FoundFile
    before: FileRecord | None


@dataclass
class Plan:
    """What became of the files of a folder.

    Attributes:
        removed_by_hand: files whose photos somebody removed from the gallery.
        unreachable: files in places that cannot be read.
        touched: unchanged files with another time.
        gone: files whose content is nowhere in the folder.
        unreadable: files that could not be read before, and have not changed since.
    """

    unchanged: int = 0
    removed_by_hand: int = 0
    unreachable: int = 0
    touched: list[tuple[FileRecord, FoundFile]] = field(default_factory=list)
    moved: list[tuple[FileRecord, FoundFile]] = field(default_factory=list)
    gone: list[FileRecord] = field(default_factory=list)
    to_read: list[ToRead] = field(default_factory=list)
    unreadable: list[UnreadableFile] = field(default_factory=list)


def make_plan(
    found: Walk,
    records: Iterable[FileRecord],
    photos: set[int],
    digests: Digests,
    *,
    unreadable: Mapping[str, UnreadableFile],
    reader: str,
    again: bool = False,
) -> Plan:
    """Decide what became of the files of a folder.

    Args:
        records: the files as of the last sync.
        photos: ids of all photos of the gallery.
        unreadable: files that could not be read before, by path.
        reader: what reads the files now.
        again: trust no size and time, and forget which photos were removed by hand.
    """
    plan = Plan()
    by_path: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        if not (again and record.photo not in photos):
            by_path[record.path].append(record)
    changed = _leave_unchanged(plan, found, by_path, photos, again=again)
    lost = [record for same_path in by_path.values() for record in same_path]
    lost, unreachable = _split(lost, found.closed)
    rest = _match(plan, changed, lost, unreachable, digests)
    plan.unreachable = len(unreachable)
    latest = {record.path: record for record in rest.values()}
    for file in changed:
        before = latest.get(file.path)
        known = unreadable.get(file.path)
        if known is not None and known.still_is(file, reader) and not again:
            plan.unreadable.append(known)
        else:
            plan.to_read.append(ToRead(file, before))
        if before is not None:
            del rest[id(before)]
    plan.gone = list(rest.values())
    return plan


def _leave_unchanged(
    plan: Plan, found: Walk, by_path: dict[str, list[FileRecord]], photos: set[int], *, again: bool
) -> list[FoundFile]:
    """Count the unchanged files and take them out of `by_path`. Return the others."""
    others = []
    for file in found.files:
        records = by_path.get(file.path, [])
        same = next((r for r in records if not again and (r.size, r.mtime) == (file.size, file.mtime)), None)
        if same is None:
            others.append(file)
            continue
        records.remove(same)
        if same.photo in photos:
            plan.unchanged += 1
        else:
            plan.removed_by_hand += 1
    return others


def _split(records: Sequence[FileRecord], closed: Sequence[str]) -> tuple[list[FileRecord], list[FileRecord]]:
    """Split records into those that are lost and those in places that cannot be read."""
    lost: list[FileRecord] = []
    unreachable: list[FileRecord] = []
    for record in records:
        is_closed = any(record.path == path or record.path.startswith(f"{path}/") for path in closed)
        (unreachable if is_closed else lost).append(record)
    return lost, unreachable


def _match(
    plan: Plan,
    changed: list[FoundFile],
    lost: Sequence[FileRecord],
    unreachable: list[FileRecord],
    digests: Digests,
) -> dict[int, FileRecord]:
    """Match changed files with lost ones of the same content, and take them out of `changed`.

    Returns:
        the lost files without a match, by their identity in this process.
    """
    rest = {id(record): record for record in lost}
    sizes = {record.size for record in lost}
    maybe = [file for file in changed if file.size in sizes or UNKNOWN in sizes]
    found = digests(maybe)
    unread = {file.path for file in maybe if file.path not in found}
    for record in lost:  # the content of its path is unknown
        if record.path in unread:
            unreachable.append(rest.pop(id(record)))
    by_digest: dict[str, list[FileRecord]] = defaultdict(list)
    for record in rest.values():
        by_digest[record.sha256].append(record)
    matched: set[str] = set()
    in_place_first = sorted(
        maybe, key=lambda file: not _has_path(by_digest.get(found.get(file.path, "")), file)
    )
    for file in in_place_first:
        candidates = by_digest.get(found.get(file.path, ""))
        if candidates:
            record = _best(candidates, file)
            candidates.remove(record)
            del rest[id(record)]
            (plan.touched if record.path == file.path else plan.moved).append((record, file))
            matched.add(file.path)
    changed[:] = [file for file in changed if file.path not in matched]
    return rest


def _has_path(records: Sequence[FileRecord] | None, file: FoundFile) -> bool:
    return any(record.path == file.path for record in records or ())


def _best(records: Sequence[FileRecord], file: FoundFile) -> FileRecord:
    """Return the record of the same path, else of the same name, else the first."""

    def rank(record: FileRecord) -> int:
        if record.path == file.path:
            return 0
        return 1 if record.path.rpartition("/")[2] == file.path.rpartition("/")[2] else 2

    return min(records, key=rank)
