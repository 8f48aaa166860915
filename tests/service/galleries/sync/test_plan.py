"""What became of files: which contents are read, and how files are matched with those of the last sync."""

from hypothesis import given
from hypothesis import strategies as st

from service.galleries.folder_walk import FoundFile, Walk
from service.galleries.sync.plan import make_plan
from service.galleries.sync.records import FileRecord
from service.galleries.sync.unreadable_rows import UnreadableFile

PHOTOS = set(range(1, 100))


def record(photo: int, path: str, content: str, mtime: int = 1) -> FileRecord:
    return FileRecord(
        id=photo, folder=1, path=path, photo=photo, sha256=content, label=None, size=len(content), mtime=mtime
    )


def planned(records, files: dict[str, tuple[str, int]], closed=(), photos=PHOTOS, unreadable=(), again=False):
    """Plan for files of these contents and times, by path. Return the plan and the paths that were read."""
    found = Walk(closed=list(closed))
    found.files = [FoundFile(path, len(content), mtime) for path, (content, mtime) in files.items()]
    read: list[str] = []

    def digests(wanted):
        read.extend(file.path for file in wanted)
        return {file.path: files[file.path][0] for file in wanted if "unreadable" not in file.path}

    known = {file.path: file for file in unreadable}
    plan = make_plan(found, records, photos, digests, unreadable=known, reader="r", again=again)
    return plan, read


def test_new_files_are_not_read_early_unless_they_have_the_size_of_a_lost_one():
    plan, read = planned(
        [record(1, "kept", "a"), record(2, "lost", "bb")],
        {"kept": ("a", 1), "new": ("c", 1), "moved": ("bb", 1), "same size": ("xx", 1)},
    )
    assert sorted(read) == ["moved", "same size"]
    assert plan.unchanged == 1
    assert [(old.path, new.path) for old, new in plan.moved] == [("lost", "moved")]
    assert [each.file.path for each in plan.to_read] == ["new", "same size"]
    assert plan.gone == []


def test_a_file_with_another_time_and_the_same_content_is_unchanged():
    plan, _ = planned([record(1, "a", "a")], {"a": ("a", 2), "copy": ("a", 2)})
    assert [(old.path, new.path) for old, new in plan.touched] == [("a", "a")]
    assert [each.file.path for each in plan.to_read] == ["copy"]


def test_files_that_cannot_be_read_keep_their_photos():
    plan, _ = planned(
        [record(1, "unreadable", "a"), record(2, "closed/b", "b"), record(3, "closedness", "c")],
        {"unreadable": ("z", 2)},
        closed=["closed"],
    )
    assert plan.unreachable == 2
    assert [each.path for each in plan.gone] == ["closedness"]
    assert [(each.file.path, each.before) for each in plan.to_read] == [("unreadable", None)]


def test_photos_that_were_removed_by_hand_come_back_only_if_all_is_read_again():
    records, files = [record(1, "a", "a"), record(2, "b", "b")], {"a": ("a", 1), "b": ("b", 1)}
    plan, _ = planned(records, files, photos={2})
    assert (plan.unchanged, plan.removed_by_hand, plan.to_read) == (1, 1, [])
    plan, _ = planned(records, files, photos={2}, again=True)
    assert [each.file.path for each in plan.to_read] == ["a"]
    assert len(plan.touched) == 1


def test_unreadable_files_are_read_again_only_if_they_or_the_reader_have_changed():
    same, other, older = (UnreadableFile(name, 1, 1, "r", "broken") for name in ("same", "other", "older"))
    reader = UnreadableFile("reader", 1, 1, "earlier", "broken")
    known = [same, other, older, reader]
    files = {"same": ("x", 1), "other": ("xx", 1), "older": ("x", 2), "reader": ("x", 1)}
    plan, _ = planned([], files, unreadable=known)
    assert plan.unreadable == [same]
    assert [each.file.path for each in plan.to_read] == ["other", "older", "reader"]
    assert len(planned([], files, unreadable=known, again=True)[0].to_read) == 4


def test_the_photo_of_a_file_that_became_unreadable_stays():
    plan, _ = planned(
        [record(1, "a", "content")],
        {"a": ("x", 2)},
        unreadable=[UnreadableFile("a", 1, 2, "r", "broken")],
    )
    assert (plan.gone, plan.to_read, [file.path for file in plan.unreadable]) == ([], [], ["a"])


names = st.sampled_from(["a", "b", "c", "x/a", "x/b"])
contents = st.sampled_from(["1", "2", "3", "44", "55"])
times = st.integers(1, 2)


@given(st.dictionaries(names, st.tuples(contents, times)), st.dictionaries(names, st.tuples(contents, times)))
def test_each_file_and_each_record_has_one_fate(before, after):
    records = [
        record(number, path, content, mtime)
        for number, (path, (content, mtime)) in enumerate(before.items(), 1)
    ]
    plan, _ = planned(records, after)
    pairs = [*plan.touched, *plan.moved]
    files = [new.path for _, new in pairs] + [each.file.path for each in plan.to_read]
    assert len(files) + plan.unchanged == len(after) and len(set(files)) == len(files)
    old = [each.photo for each, _ in pairs] + [each.photo for each in plan.gone]
    old += [each.before.photo for each in plan.to_read if each.before]
    assert len(old) + plan.unchanged == len(before) and len(set(old)) == len(old)
    assert all(each.sha256 == after[new.path][0] for each, new in pairs)
    # no content of a lost record is in a file that counts as new
    gone = {each.sha256 for each in plan.gone} | {each.before.sha256 for each in plan.to_read if each.before}
    assert not gone & {after[each.file.path][0] for each in plan.to_read}
