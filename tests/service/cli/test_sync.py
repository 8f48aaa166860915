"""`iiae index` and `iiae sync`: a gallery follows its folder, and ids survive."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from command_line import iiae
from photo_folder import PhotoFolder
from PIL import Image
from serving import png, publish_sketch

from service.galleries.gallery import Gallery
from service.galleries.migrations import SIZES_KEY
from service.galleries.records import NewPhoto
from service.galleries.schema import set_meta
from service.galleries.sync.lock import syncing


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("store")
    publish_sketch(home)
    return home


@pytest.fixture
def tree(tmp_path, store):
    made = PhotoFolder(tmp_path, store)
    for number in range(4):
        made.write(f"cats/{number}.png", number)
    assert made.index().status == 0
    return made


def searches_agree(gallery: Gallery) -> bool:
    """Whether each photo's own embedding finds it first, and its file has its content."""
    photos = gallery.page(0, 100)
    found = [gallery.search(gallery.embedding(photo.id), 1)[0].photo.id for photo in photos]
    return found == [photo.id for photo in photos] and gallery.index.count == len(photos)


def test_an_unchanged_folder_changes_nothing_and_no_file_is_opened(tree):
    for path in tree.folder.rglob("*.png"):
        path.chmod(0)
    before = tree.photos()
    opened: list[str] = []
    # As root, permissions do not stop reads: the time of the last access tells.
    for path in tree.folder.rglob("*.png"):
        status = path.stat()
        os.utime(path, ns=(1, status.st_mtime_ns))
    assert tree.report() == {"unchanged": 4}
    opened = [path.name for path in tree.folder.rglob("*.png") if path.stat().st_atime_ns != 1]
    assert (opened, tree.photos()) == ([], before)


def test_moved_and_renamed_files_keep_their_ids_and_get_the_new_path_and_label(tree):
    before = tree.photos()
    (tree.folder / "dogs").mkdir()
    (tree.folder / "cats/1.png").rename(tree.folder / "dogs/1.png")
    (tree.folder / "cats/2.png").rename(tree.folder / "cats/two.png")
    (tree.folder / "cats/3.png").rename(tree.folder / "3.png")
    assert tree.report() == {"moved": 3, "relabelled": 2, "unchanged": 1}
    after = tree.photos()
    assert after.keys() == before.keys()
    assert list(after.values()) == [
        ("cats", "cats/0.png", "cats/0.png"),
        ("dogs", "dogs/1.png", "dogs/1.png"),
        ("cats", "cats/two.png", "cats/two.png"),
        (None, "3.png", "3.png"),
    ]
    assert tree.report() == {"unchanged": 4}
    for photo in tree.gallery.page(0, 9):
        assert tree.gallery.picture(photo).read() == Path(photo.source).read_bytes()


def test_two_files_that_swap_their_names_swap_their_photos(tree):
    first, second = tree.folder / "cats/0.png", tree.folder / "cats/1.png"
    first.rename(tree.folder / "x")
    second.rename(first)
    (tree.folder / "x").rename(second)
    ids = list(tree.photos())
    assert tree.report() == {"moved": 2, "unchanged": 2}
    assert [tree.photos()[each][1] for each in ids[:2]] == ["cats/1.png", "cats/0.png"]
    assert tree.report() == {"unchanged": 4}


def test_a_renamed_folder_is_recognised(tree):
    before = tree.photos()
    tree.folder = tree.folder.rename(tree.folder.with_name("renamed"))
    done = tree.index()
    assert "0 added, 4 moved, 0 relabelled, 0 removed" in done.stdout
    assert tree.photos() == before
    assert [photo.source for photo in tree.gallery.page(0, 1)] == [str(tree.folder / "cats/0.png")]


def test_a_changed_file_keeps_the_id_with_a_new_embedding_and_thumbnail(tree):
    before = tree.gallery.page(0, 9)
    embedding = tree.gallery.embedding(before[1].id)
    thumbnails = set((tree.home / "galleries/g/thumbnails").rglob("*.webp"))
    tree.write("cats/1.png", 77, age=0)
    assert tree.report() == {"changed": 1, "unchanged": 3}
    after = tree.gallery.page(0, 9)
    assert [photo.id for photo in after] == [photo.id for photo in before]
    assert after[1].sha256 != before[1].sha256 and after[1].label == "cats"
    assert (tree.gallery.embedding(after[1].id) != embedding).any()
    now = set((tree.home / "galleries/g/thumbnails").rglob("*.webp"))
    assert (len(now), len(now & thumbnails)) == (4, 3)
    assert searches_agree(tree.gallery)
    assert tree.report() == {"unchanged": 4}
    assert iiae("fsck", home=tree.home).status == 0


def test_a_file_that_moves_away_and_leaves_its_name_to_another_keeps_its_photo(tree):
    (tree.folder / "cats/1.png").rename(tree.folder / "cats/old.png")
    tree.write("cats/1.png", 77)
    before = list(tree.photos())
    assert tree.report() == {"added": 1, "moved": 1, "unchanged": 3}
    assert [tree.photos()[each][1] for each in before][1] == "cats/old.png"


def test_a_deleted_file_is_no_hit_any_more(tree):
    [*_, last] = tree.photos()
    (tree.folder / "cats/3.png").unlink()
    assert tree.report("--keep") == {"kept": 1, "unchanged": 3}
    assert last in tree.photos()
    assert tree.report() == {"removed": 1, "unchanged": 3}
    assert last not in tree.photos()
    assert searches_agree(tree.gallery)
    assert len(list((tree.home / "galleries/g/thumbnails").rglob("*.webp"))) == 3


@pytest.mark.parametrize("how", ["missing", "empty", "other files"])
def test_a_folder_that_is_not_mounted_removes_nothing(tree, how):
    before = tree.photos()
    tree.folder.rename(tree.folder.with_name("unmounted"))
    if how != "missing":
        tree.folder.mkdir()
    if how == "other files":
        tree.write("readme.png", 55)
    done = tree.sync()
    assert (done.status, tree.photos()) == (2, before)
    assert "nothing was changed" in done.stderr and "--force" in done.stderr
    if how != "missing":
        assert tree.report("--keep")["kept"] == 4
        assert before.items() <= tree.photos().items()
    assert tree.report("--force")["removed"] == 4
    assert len(tree.photos()) == (1 if how == "other files" else 0)


def test_most_of_a_large_folder_is_not_removed_without_force(tree):
    for number in range(4, 44):
        tree.write(f"mounted/{number}.png", number)
    assert tree.report()["added"] == 40
    shutil.rmtree(tree.folder / "mounted")
    done = tree.sync()
    assert (done.status, "40 of 44 photos" in done.stderr, len(tree.photos())) == (2, True, 44)
    assert tree.report("--force")["removed"] == 40


def test_the_same_picture_at_two_paths_is_one_photo_until_both_are_gone(tree):
    shutil.copy2(tree.folder / "cats/0.png", tree.write("dogs/copy.png", 0))
    assert tree.report() == {"copies": 1, "unchanged": 4}
    first, *_ = before = tree.photos()
    assert len(before) == 4
    (tree.folder / "cats/0.png").unlink()
    assert tree.report() == {"relabelled": 1, "unchanged": 4}
    assert tree.photos()[first] == ("dogs", "dogs/copy.png", "dogs/copy.png")
    (tree.folder / "dogs/copy.png").unlink()
    assert tree.report() == {"removed": 1, "unchanged": 3}


def test_changing_one_of_two_copies_adds_a_photo_and_keeps_the_other(tree):
    tree.write("dogs/copy.png", 0)
    assert tree.report()["copies"] == 1
    first, *_ = tree.photos()
    tree.write("cats/0.png", 77)
    assert tree.report() == {"added": 1, "relabelled": 1, "unchanged": 4}
    assert tree.photos()[first][:2] == ("dogs", "dogs/copy.png")
    assert searches_agree(tree.gallery)


def test_a_label_that_was_changed_by_hand_stays(tree):
    first, second, *_ = tree.photos()
    tree.gallery.change(first, {"label": "Tom", "metadata": {"file": "cats/0.png", "stars": 5}})
    (tree.folder / "cats").rename(tree.folder / "felines")
    assert tree.report() == {"moved": 4, "relabelled": 3}
    assert tree.photos()[first] == ("Tom", "felines/0.png", "felines/0.png")
    assert tree.gallery.photo(first).metadata["stars"] == 5
    assert tree.photos()[second][0] == "felines"
    tree.write("felines/0.png", 77)
    assert tree.report()["changed"] == 1
    assert (tree.photos()[first][0], tree.gallery.photo(first).metadata["stars"]) == ("Tom", 5)


def test_a_photo_that_was_removed_from_the_gallery_stays_removed(tree):
    first, *others = tree.photos()
    tree.gallery.remove(first)
    assert tree.report() == {"removed_by_hand": 1, "unchanged": 3}
    (tree.folder / "cats/0.png").rename(tree.folder / "moved.png")
    tree.report()
    assert list(tree.photos()) == others
    assert tree.report("--again") == {"added": 1, "unchanged": 3}


def test_unreadable_files_and_names_are_named_and_their_photos_stay(tree):
    (tree.folder / "broken.jpg").write_bytes(b"broken")
    (tree.folder / "lost.png").symlink_to("nowhere.png")
    (tree.folder / "cats/0.png").rename(tree.folder / "away.png")
    (tree.folder / "cats/0.png").symlink_to("/not/mounted.png")
    (tree.folder / "away.png").unlink()
    (tree.folder / "note.txt").write_text("note")
    done = tree.sync()
    assert done.status == 0
    for words in ("broken.jpg: this is not an image", "lost.png: the link leads nowhere", "cats/0.png: "):
        assert f"cannot read {words}" in done.stderr
    assert "1 not reachable now, 3 unchanged, 3 unreadable; skipped: 1 not a picture" in done.stdout
    assert len(tree.photos()) == 4


def test_patterns_are_remembered(tree):
    tree.write("private/9.png", 9)
    assert tree.index("--exclude", "private", "--exclude", "cats/1*").status == 0
    assert [path for _, path, _ in tree.photos().values()] == ["cats/0.png", "cats/2.png", "cats/3.png"]
    assert tree.report() == {"unchanged": 3, "skipped": {"excluded": 2}}
    assert tree.index("--exclude", "").status == 0
    assert len(tree.photos()) == 5


def test_several_folders_of_one_gallery_do_not_touch_each_other(tree, tmp_path):
    (tmp_path / "second").mkdir()
    other = PhotoFolder(tmp_path / "second", tree.home)
    other.home = tree.home
    other.write("birds/5.png", 5)
    other.write("birds/0.png", 0)  # also in the first folder
    assert tree.index(folder=other.folder).status == 0
    assert len(tree.photos()) == 5
    lines = [json.loads(line) for line in tree.sync("--json").stdout.splitlines()]
    assert [(line["folder"], line["unchanged"]) for line in lines] == [
        (str(tree.folder), 4),
        (str(other.folder), 2),
    ]
    first, *_ = tree.photos()
    (tree.folder / "cats/0.png").rename(other.folder / "birds/tom.png")
    tree.sync()
    assert os.path.basename(tree.photos()[first][1]) in {"0.png", "tom.png"}
    shutil.rmtree(other.folder)
    done = tree.sync()
    assert done.status == 2
    assert f"there is no folder {other.folder}" in done.stderr
    assert len(tree.photos()) == 5
    assert tree.sync("--force").status == 0
    assert [path for _, path, _ in tree.photos().values()] == ["cats/1.png", "cats/2.png", "cats/3.png"]
    assert len(tree.sync("--json").stdout.splitlines()) == 1  # the folder is forgotten


def test_a_gallery_of_an_earlier_version_is_taken_over(tree):
    with tree.gallery.database.transaction() as connection:
        connection.execute("DELETE FROM files")
        connection.execute("DELETE FROM folders")
    before = tree.photos()
    (tree.folder / "cats/1.png").rename(tree.folder / "1.png")
    (tree.folder / "cats/2.png").unlink()
    tree.write("cats/3.png", 77)
    done = tree.index("--json")
    assert done.status == 0, done.stderr
    report = json.loads(done.stdout)
    assert [report[name] for name in ("changed", "moved", "relabelled", "removed", "unchanged")] == [1] * 5
    assert [before[each][1] for each in tree.photos()] == ["cats/0.png", "cats/1.png", "cats/3.png"]
    assert tree.report() == {"unchanged": 3}


def test_a_gallery_does_not_take_its_own_thumbnails(tree):
    assert tree.index(folder=tree.home.parent).status == 0
    assert len(tree.photos()) == 4


def test_a_gallery_without_a_folder_is_refused(tree, tmp_path):
    done = iiae("sync", home=tmp_path / "nothing")
    assert (done.status, "no gallery follows a folder" in done.stderr) == (2, True)
    done = tree.index(folder=tmp_path / "nowhere")
    assert (done.status, "there is no folder" in done.stderr) == (2, True)


def test_one_sync_at_a_time(tree):
    with syncing(tree.gallery):
        done = tree.sync()
    assert (done.status, "another process syncs gallery 'g'" in done.stderr) == (2, True)
    assert tree.sync().status == 0


def upload(gallery: Gallery, number: int) -> int:
    """Add a photo as the API does, and return its id."""
    data = png(number)
    embedding = gallery.embedding(gallery.page(0, 1)[0].id)
    sha256 = hashlib.sha256(data).hexdigest()
    [photo] = gallery.add(
        [
            NewPhoto(
                sha256=sha256,
                embedding=embedding,
                content_type="image/png",
                width=8,
                height=8,
                thumbnail=b"small",
                data=data,
                label="uploaded",
            )
        ]
    )
    return photo.id


def test_uploaded_photos_are_never_touched(tree):
    alone, also_in_folder = upload(tree.gallery, 90), upload(tree.gallery, 91)
    before = tree.gallery.photo(also_in_folder)
    path = tree.write("dogs/91.png", 91)
    assert tree.report() == {"copies": 1, "unchanged": 4}
    path.rename(tree.folder / "91.png")
    tree.report()
    tree.write("91.png", 92)
    assert tree.report() == {"added": 1, "unchanged": 4}
    (tree.folder / "91.png").unlink()
    assert tree.report() == {"removed": 1, "unchanged": 4}
    shutil.rmtree(tree.folder)
    assert tree.sync("--force").status == 0
    assert list(tree.photos()) == [alone, also_in_folder]
    assert tree.gallery.photo(also_in_folder) == before
    assert tree.gallery.picture(before).read() == png(91)


def test_a_photo_of_the_folder_that_is_uploaded_too_stays_when_its_file_is_deleted(tree):
    first, *_ = tree.photos()
    assert upload(tree.gallery, 0) == first
    (tree.folder / "cats/0.png").unlink()
    assert tree.report() == {"unchanged": 3}
    assert tree.gallery.picture(tree.gallery.photo(first)).read() == png(0)


def test_a_folder_in_a_followed_folder_can_be_followed_too(tree):
    assert tree.index(folder=tree.folder / "cats").status == 0
    assert len(tree.photos()) == 4
    (tree.folder / "cats/0.png").unlink()
    assert tree.sync().status == 0
    assert len(tree.photos()) == 3
    (tree.folder / "cats/1.png").rename(tree.folder / "cats/one.png")
    ids = list(tree.photos())
    assert tree.sync().status == 0
    assert (list(tree.photos()), tree.photos()[ids[0]][1]) == (ids, "cats/one.png")


def test_a_gallery_of_another_checkpoint_is_in_step_but_for_new_photos(tmp_path):
    publish_sketch(tmp_path / "store")
    tree = PhotoFolder(tmp_path, tmp_path / "store")
    for number in range(3):
        tree.write(f"{number}.png", number)
    assert tree.index().status == 0
    publish_sketch(tmp_path / "store", seed=1)
    (tree.folder / "0.png").unlink()
    assert tree.report() == {"removed": 1, "unchanged": 2}
    tree.write("3.png", 3)
    done = tree.sync()
    assert (done.status, "run `iiae reindex g`" in done.stderr) == (2, True)
    assert iiae("reindex", "g", home=tree.home).status == 0
    assert tree.report() == {"added": 1, "unchanged": 2}


def test_an_upload_whose_embedding_was_lost_stays_an_upload(tree):
    uploaded = upload(tree.gallery, 90)
    with tree.gallery.database.transaction() as connection:
        connection.execute("DELETE FROM embeddings_1 WHERE id = ?", (uploaded,))
    tree.write("dogs/90.png", 90)
    assert tree.report() == {"copies": 1, "unchanged": 4}
    assert (tree.gallery.photo(uploaded).source, tree.gallery.photo(uploaded).label) == (None, "uploaded")
    assert searches_agree(tree.gallery)
    (tree.folder / "dogs/90.png").unlink()
    tree.report()
    assert uploaded in tree.photos()


def test_a_photo_is_found_although_another_one_has_its_path(tree):
    first, second = tree.folder / "cats/0.png", tree.folder / "cats/1.png"
    tree.write("dogs/copy.png", 1)
    tree.sync()
    ids = list(tree.photos())
    with tree.gallery.database.transaction() as connection:
        connection.execute("DELETE FROM files WHERE path = 'cats/1.png'")
    first.rename(tree.folder / "x")
    second.rename(first)
    (tree.folder / "x").rename(second)
    tree.report()
    assert [tree.photos()[each][1] for each in ids[:2]] == ["cats/1.png", "cats/0.png"]
    assert tree.report() == {"unchanged": 5}


def test_rows_of_a_renamed_folder_do_not_stay(tree):
    tree.folder = tree.folder.rename(tree.folder.with_name("renamed"))
    assert tree.index().status == 0
    with tree.gallery.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM files").fetchone() == (4,)


def test_a_change_right_after_a_sync_is_noticed_although_size_and_time_are_the_same(tree):
    path = tree.folder / "just now.bmp"
    Image.new("RGB", (64, 64), "red").save(path)
    assert tree.report() == {"added": 1, "unchanged": 4}
    status = path.stat()
    Image.new("RGB", (64, 64), "blue").save(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert tree.report() == {"changed": 1, "unchanged": 4}


def test_rows_that_were_lost_or_damaged_are_made_again(tree):
    before = tree.photos()
    with tree.gallery.database.transaction() as connection:
        connection.execute("UPDATE files SET size = 7 WHERE id = 1")
        connection.execute("DELETE FROM files WHERE id = 2")
    assert tree.report() == {"unchanged": 4}
    assert (tree.report(), tree.photos()) == ({"unchanged": 4}, before)
    assert iiae("fsck", home=tree.home).status == 0


def test_the_rows_of_a_lost_folder_are_made_again(tree):
    before = tree.photos()
    with tree.gallery.database.transaction() as connection:
        connection.execute("UPDATE folders SET exclude = '[]]'")
    assert iiae("fsck", "--repair", home=tree.home).status == 1
    (tree.folder / "cats/0.png").rename(tree.folder / "cats/zero.png")
    assert tree.index().status == 0
    assert tree.photos().keys() == before.keys()
    assert tree.report() == {"unchanged": 4}


def test_a_folder_that_cannot_be_read_is_refused(tree, monkeypatch):
    other = tree.home.with_name("other")
    tree.folder.rename(other)
    tree.folder.write_bytes(b"a file in its place")
    assert tree.sync().status == 2
    tree.folder.unlink()
    other.rename(tree.folder)
    scandir = os.scandir

    def refusing(path):  # the tests may run as root, whom permissions do not stop
        if Path(path) == tree.folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    done = tree.sync()
    assert (done.status, len(tree.photos())) == (2, 4)
    assert "pictures cannot be read (Permission denied), so nothing was changed" in done.stderr


def test_a_forgotten_folder_is_not_synced_and_its_photos_stay(tree):
    before = tree.photos()
    done = tree.sync("--forget", str(tree.home))
    assert done.status == 2
    assert f"does not follow {tree.home}; its folders are: {tree.folder}" in done.stderr
    assert tree.sync("--forget", str(tree.folder)).status == 0
    (tree.folder / "cats/0.png").unlink()
    assert (tree.sync().status, tree.photos()) == (2, before)  # it follows no folder
    assert tree.index().status == 0
    assert len(tree.photos()) == 3
    assert tree.photos().items() <= before.items()


def write_old(path: Path, data: bytes, *, seconds: int = 60) -> None:
    """Write a file whose last change is some time ago, and which nobody has read."""
    path.write_bytes(data)
    os.utime(path, ns=(1, time.time_ns() - seconds * 10**9))


def was_read(path: Path) -> bool:
    """Whether a file of `write_old` was read since."""
    return path.stat().st_atime_ns != 1


def test_an_unreadable_file_is_named_each_time_but_read_again_only_if_it_changed(tree):
    broken = tree.folder / "broken.png"
    write_old(broken, png(9)[:60])
    [told] = tree.report()["unreadable"]
    assert told.startswith("broken.png: the ") and was_read(broken)
    status = broken.stat()
    os.utime(broken, ns=(1, status.st_mtime_ns))
    assert tree.report() == {"unchanged": 4, "unreadable": [told]}
    assert not was_read(broken)
    assert tree.report("--again")["unreadable"] == [told]
    assert was_read(broken)
    write_old(broken, png(9), seconds=30)
    assert tree.report() == {"added": 1, "unchanged": 4}
    assert tree.report() == {"unchanged": 5}


def test_a_higher_limit_reads_an_unreadable_file_again(tree, monkeypatch):
    write_old(tree.folder / "large.png", png(9))
    monkeypatch.setenv("IIAE_MAX_PIXELS", "100")
    assert (
        "too many pixels" in tree.report()["unreadable"][0] or "at most 100" in tree.report()["unreadable"][0]
    )
    monkeypatch.delenv("IIAE_MAX_PIXELS")
    assert tree.report() == {"added": 1, "unchanged": 4}


def test_a_photo_whose_file_became_unreadable_stays_until_the_file_is_gone(tree):
    broken = tree.folder / "cats/1.png"
    ids = list(tree.photos())
    write_old(broken, b"broken")
    for _ in range(2):
        report = tree.report()
        assert (report["unchanged"], len(report["unreadable"])) == (3, 1)
        assert list(tree.photos()) == ids
    broken.unlink()
    assert tree.report() == {"removed": 1, "unchanged": 3}
    with tree.gallery.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM unreadable").fetchone() == (0,)


def test_swapped_sizes_of_an_earlier_version_are_corrected(tree):
    path = tree.folder / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(tree.folder / "cats/0.png").convert("RGB").resize((200, 100)).save(path, exif=exif)
    tree.report()
    [photo] = [each for each in tree.gallery.page(0, 9) if each.source == str(path)]
    assert (photo.width, photo.height) == (100, 200)
    with tree.gallery.storing([]) as transaction:
        assert transaction.resize(photo.id, 200, 100)
        set_meta(transaction.connection, SIZES_KEY, "1")
    assert tree.gallery.photo(photo.id).width == 200
    assert tree.report()["unchanged"] == 5
    assert tree.gallery.photo(photo.id) == photo
