"""A reindex survives SIGKILL at any moment."""

import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import reindexer
from reindexer import create, new, number_of, spaces, vector

from service.errors import GalleryReindexed, ReindexNotFound
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.fsck.check import check_gallery
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.reindex.job import last_progress

KILLS = 3
"""Kills of each reindex before it may finish."""


@pytest.mark.timeout(300)  # each start of a process imports torch, which takes long on a busy machine
def test_a_reindex_killed_at_any_moment_leaves_the_old_gallery_or_the_new_and_is_resumed(tmp_path):
    """The kill is SIGKILL, while photos are added and removed. Stored embeddings are not computed again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reindexer"])
    rng, numbers = random.Random(0), iter(range(1_000, 1_000_000))
    create(tmp_path, 150)
    outcomes: list[str] = []
    for target in ("d1", "d2", "d3"):
        before, most_done, attempts = Galleries(tmp_path).open("g").spec.digest, 0, 0
        while outcomes[-1:] != [target]:
            attempts += 1
            process = context.Process(target=reindexer.reindex_all, args=(tmp_path, target))
            process.start()
            until = time.monotonic() + 60
            while process.is_alive() and not running(tmp_path, target) and time.monotonic() < until:
                time.sleep(0.005)
            until = time.monotonic() + rng.uniform(0, 0.3)
            while process.is_alive() and time.monotonic() < until:
                with suppress(GalleryReindexed):
                    add_two_and_remove_one(Galleries(tmp_path).open("g"), numbers)
            if attempts <= KILLS:
                process.kill()
            process.join()
            galleries = Galleries(tmp_path)
            gallery = galleries.open("g")
            digest = gallery.spec.digest
            assert digest in (before, target)
            photos = gallery.page(0, 10_000)
            assert len(photos) == gallery.count >= 150
            for photo in photos:
                np.testing.assert_array_equal(gallery.embedding(photo.id), vector(number_of(photo), digest))
            for photo in rng.sample(photos, 5):
                assert gallery.search(vector(number_of(photo), digest), 1)[0].photo.id == photo.id
            if digest == before:
                progress = last_progress(gallery)
                assert progress.done >= most_done - 40  # some were removed
                most_done = progress.done
            outcomes.append(digest)
    reindexer.reindex_all(tmp_path, "d3")
    with sqlite3.connect(tmp_path / "g" / DATABASE) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(check_gallery(Galleries(tmp_path).open("g"), Options(quick=True))) == []
    assert len(spaces(tmp_path)) == 1
    assert len(outcomes) > 3  # at least one reindex was killed before it was done


def running(root: Path, digest: str) -> bool:
    with suppress(ReindexNotFound):
        found = last_progress(Galleries(root).open("g"))
        return found.state == "running" and found.digest == digest
    return False


def add_two_and_remove_one(gallery: Gallery, numbers: Iterator[int]) -> None:
    digest = gallery.spec.digest
    gallery.remove(gallery.add([new(next(numbers), digest), new(next(numbers), digest)])[0].id)
