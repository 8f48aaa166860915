"""The versions of each checkpoint, and how a change of their files is noticed."""

import os
import shutil
from pathlib import Path

from published_models import add

from service.registry.store import find_candidates


def versions(store: Path) -> list[str]:
    return [candidate.version for candidate in find_candidates(store).get("digits", [])]


def test_newest_version_comes_first_and_the_packages_last(store: Path, shipped: Path, tmp_path: Path) -> None:
    shipped.mkdir()
    shutil.copytree(add(tmp_path / "elsewhere"), shipped / "digits")
    assert versions(store) == ["released"]
    older, newer = add(store), add(store)
    assert versions(store) == [newer.name, older.name, "released"]
    shutil.rmtree(newer)
    assert versions(store) == [older.name, "released"]


def test_candidate_changes_with_its_files(store: Path) -> None:
    folder = add(store)
    weights = folder / "weights.safetensors"
    [before] = find_candidates(store)["digits"]
    assert find_candidates(store)["digits"] == [before]
    status = weights.stat()
    copy = folder / "copy"
    shutil.copy2(weights, copy)  # the same size and modification time, but another inode
    copy.replace(weights)
    assert weights.stat().st_mtime_ns == status.st_mtime_ns
    [replaced] = find_candidates(store)["digits"]
    assert replaced != before
    os.utime(weights, ns=(0, 0))
    assert find_candidates(store)["digits"] != [replaced]


def test_broken_link_is_a_candidate(store: Path) -> None:
    folder = add(store)
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").symlink_to("missing")
    assert versions(store) == [folder.name]
