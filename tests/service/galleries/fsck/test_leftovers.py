"""Hidden folders: fsck deletes those that this program made, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest
from gallery_damage import REPAIR, age, kinds

from service.galleries.fsck.check import check_home

BACKUP = Path(__file__).parents[4] / "docker" / "backup.py"
LOCKING = "import sys, runpy; runpy.run_path(sys.argv[1])['lock'](sys.argv[2]); print(flush=True); input()"
LEFTOVERS = {
    f"galleries/.half-{'0a' * 16}": f"photos/ab/{'ab' * 32}",
    "galleries/.backup-ab_cd012": "gallery.sqlite",
    "checkpoints/.half-20260101T000000000000Z-0123abcd-99": "weights.safetensors",
}


def left_over(folder: Path, file: str) -> Path:
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_bytes(b"x")
    for path in (folder, *folder.rglob("*")):
        age(path)
    return folder


@pytest.mark.parametrize("name", LEFTOVERS)
def test_hidden_folders_of_killed_processes_are_deleted(gallery, tmp_path, name):
    left = left_over(tmp_path / name, LEFTOVERS[name])
    age(left, days=0)
    assert list(check_home(tmp_path, [], REPAIR)) == []  # it is young
    age(left)
    assert kinds(list(check_home(tmp_path, [], REPAIR))) == [("folder_left_over", True)]
    assert not left.exists()


@pytest.mark.parametrize("name", LEFTOVERS)
def test_a_hidden_folder_with_a_file_of_others_is_reported_and_kept(gallery, tmp_path, name):
    left = left_over(tmp_path / name, "notes.txt")
    assert kinds(list(check_home(tmp_path, [], REPAIR))) == [("folder_left_over", False)]
    assert (left / "notes.txt").exists()


@pytest.mark.parametrize("name", ["galleries/.old-cats", "galleries/.trash", "checkpoints/.old-1234"])
def test_hidden_folders_of_others_are_left_alone(gallery, tmp_path, name):
    left = left_over(tmp_path / name, "gallery.sqlite")
    assert list(check_home(tmp_path, [], REPAIR)) == []
    assert left.exists()


def test_the_locked_folder_of_a_running_backup_is_left_alone(gallery, tmp_path):
    left = left_over(tmp_path / "galleries/.backup-ab_cd012", "gallery.sqlite")
    program = (
        "import sys, runpy; runpy.run_path(sys.argv[1])['lock'](sys.argv[2]); print(flush=True); input()"
    )
    arguments = [sys.executable, "-c", program, str(BACKUP), str(left)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as backup:
        assert backup.stdout is not None and backup.stdout.readline()
        assert list(check_home(tmp_path, [], REPAIR)) == []
        backup.communicate(b"\n")
    assert kinds(list(check_home(tmp_path, [], REPAIR))) == [("folder_left_over", True)]
