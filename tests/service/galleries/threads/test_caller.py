"""Calls that nobody waits for: a change that has not begun does not happen afterwards."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from gallery_photos import new_photo, spec

from service.deadline import Deadline, shared_deadline, start_deadline
from service.errors import DeadlineExceeded, GalleryBusy, ServiceError
from service.galleries import collection
from service.galleries.collection import Galleries
from service.galleries.files import PhotoFiles
from service.galleries.gallery import Gallery
from service.galleries.reindex.job import ReindexJob, cancel_reindex
from service.galleries.reindex.rows import ReindexRows
from service.galleries.threads.pools import GalleryPools

Change = Callable[[Galleries, GalleryPools], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "delete": lambda galleries, pools: pools.writing.run("g", galleries.delete, "g"),
    "remove": lambda galleries, pools: pools.writing.run("g", galleries.open("g").remove, 2),
    "add": lambda galleries, pools: pools.writing.run("g", galleries.open("g").add, [new_photo(40)]),
    "begin a reindex": lambda galleries, pools: pools.writing.run(
        "g", ReindexJob, galleries.open("g"), replace(spec(), model="new"), from_scratch=True
    ),
    "cancel a reindex": lambda galleries, pools: pools.writing.run("g", cancel_reindex, galleries.open("g")),
}


@contextmanager
def locked(folder: Path):
    """Hold the lock of a gallery, as another process does."""
    other = sqlite3.connect(folder / "gallery.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def with_photos(root: Path) -> Galleries:
    galleries = Galleries(root)
    gallery = galleries.create("g", spec())
    gallery.add([new_photo(number) for number in range(3)])
    with ReindexJob(gallery, spec(), from_scratch=True):
        pass  # interrupted, so it can be cancelled
    return galleries


def state(root: Path) -> object:
    """What a client sees of the galleries, and all their files."""
    galleries = Galleries(root)
    gallery = galleries.open("g")
    seen = (
        [photo.id for photo in gallery.page(0, 100)],
        ReindexRows(gallery.database).progress(),
        gallery.database.space,
        sorted(path for path in root.rglob("*") if path.suffix not in {".sqlite-wal", ".sqlite-shm"}),
    )
    galleries.close()
    return seen


def state_or_none(root: Path) -> object:
    with suppress(ServiceError):
        return state(root)
    return None


async def abandon(
    root: Path, change: Change, leave: Callable[[asyncio.Task[object]], Awaitable[None]]
) -> None:
    """Start a change of a locked gallery, leave it, release the lock, and wait for the thread."""
    galleries, pools = with_photos(root), GalleryPools(max_waiting=9)
    before = state(root)
    with locked(root / "g"):
        task = asyncio.ensure_future(change(galleries, pools))
        await leave(task)
        assert pools.writing.running == 1
    await pools.drain(10)
    assert pools.writing.running == 0
    assert state(root) == before
    with shared_deadline(Deadline(float("inf"))):
        await change(galleries, pools)  # only the first caller has left
    assert state_or_none(root) != before


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_not_happen_after_its_client_has_left(tmp_path, name):
    async def leave(task: asyncio.Task[object]) -> None:
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(abandon(tmp_path, CHANGES[name], leave))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_not_happen_after_a_late_answer(tmp_path, name):
    async def leave(task: asyncio.Task[object]) -> None:
        with pytest.raises((DeadlineExceeded, GalleryBusy)):
            await task

    async def scenario() -> None:
        start_deadline(1)  # the answer comes a little before, and the lock with it
        await abandon(tmp_path, CHANGES[name], leave)

    asyncio.run(scenario())


@contextmanager
def slow(monkeypatch: pytest.MonkeyPatch, module: object, function: str):
    """Let a function return when the block ends."""
    answers, original = threading.Event(), getattr(module, function)

    def wait(*args: object) -> object:
        result = original(*args)
        assert answers.wait(20)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, function, wait)
        try:
            yield
        finally:
            answers.set()


async def cancel_soon(call: Awaitable[object]) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_gallery_is_not_created_after_its_client_has_left(tmp_path, monkeypatch):
    async def scenario() -> None:
        galleries, pools = Galleries(tmp_path), GalleryPools(max_waiting=9)
        with slow(monkeypatch, collection, "write_schema"):
            await cancel_soon(pools.writing.run("g", galleries.create, "g", spec()))
        await pools.drain(10)
        assert list(tmp_path.iterdir()) == []

    asyncio.run(scenario())


def test_a_damaged_gallery_is_not_deleted_after_its_client_has_left(tmp_path, monkeypatch):
    async def scenario() -> None:
        Galleries(tmp_path).create("g", spec()).close()
        (tmp_path / "g" / "gallery.sqlite").write_bytes(b"damaged" * 1000)
        galleries, pools = Galleries(tmp_path), GalleryPools(max_waiting=9)
        with slow(monkeypatch, collection, "check_name"):
            await cancel_soon(pools.writing.run("g", galleries.delete, "g"))
        await pools.drain(10)
        assert [path.name for path in tmp_path.iterdir()] == ["g"]
        await pools.writing.run("g", galleries.delete, "g")
        assert list(tmp_path.iterdir()) == []

    asyncio.run(scenario())


def test_photos_are_not_added_if_the_client_leaves_while_their_files_are_written(tmp_path, monkeypatch):
    async def scenario() -> None:
        gallery, pools = with_photos(tmp_path).open("g"), GalleryPools(max_waiting=9)
        before = state(tmp_path)
        with slow(monkeypatch, PhotoFiles, "write"):
            await cancel_soon(pools.writing.run("g", gallery.add, [new_photo(40)]))
        await pools.drain(10)
        assert state(tmp_path) == before

    asyncio.run(scenario())


def test_a_removal_that_has_begun_removes_the_files_too(tmp_path, monkeypatch):
    async def scenario() -> None:
        gallery, pools = with_photos(tmp_path).open("g"), GalleryPools(max_waiting=9)
        pictures = gallery.folder / "photos"
        before = len([path for path in pictures.rglob("*") if path.is_file()])
        left, original = threading.Event(), Gallery.remove_unused_files
        monkeypatch.setattr(Gallery, "remove_unused_files", lambda *args: (left.wait(20), original(*args)))
        await cancel_soon(pools.writing.run("g", gallery.remove, 2))
        left.set()
        await pools.drain(10)
        assert gallery.count == 2
        assert len([path for path in pictures.rglob("*") if path.is_file()]) == before - 1

    asyncio.run(scenario())
