"""Checkpoints that fsck reports."""

import shutil
from pathlib import Path

import model
from service.galleries.fsck.checkpoints import check_checkpoints
from service.galleries.fsck.finding import Options


def checkpoint(store: Path) -> Path:
    released = Path(model.__file__).parent / "pretrained"
    source = next(path.parent for path in sorted(released.glob("*/manifest.json")))
    return Path(shutil.copytree(source, store / "mine" / "1"))


def found(home: Path) -> list[str]:
    return [finding.kind for finding in check_checkpoints(home / "checkpoints", Options())]


def test_a_checkpoint_without_a_readable_manifest_is_reported(tmp_path):
    folder = checkpoint(tmp_path / "checkpoints")
    assert found(tmp_path) == []
    (folder / "manifest.json").unlink()
    assert found(tmp_path) == ["checkpoint_damaged"]
    (folder / "manifest.json").symlink_to("nothing")
    assert found(tmp_path) == ["checkpoint_damaged"]
    shutil.rmtree(folder)
    folder.symlink_to("nothing")
    assert found(tmp_path) == ["checkpoint_damaged"]
