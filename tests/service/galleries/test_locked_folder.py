"""Locks on folders that a process fills."""

import subprocess
import sys

import pytest

from service.galleries.locked_folder import is_locked, locked

HOLD = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_ends_with_its_block_and_follows_a_renamed_folder(tmp_path):
    folder, renamed = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    assert not is_locked(folder)
    with locked(folder):
        assert is_locked(folder)
        folder.rename(renamed)
        assert is_locked(renamed)
    assert not is_locked(renamed)


def test_a_lock_ends_with_its_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    assert is_locked(tmp_path)
    with pytest.raises(OSError), locked(tmp_path):
        pass
    process.kill()
    process.wait()
    assert not is_locked(tmp_path)


def test_a_folder_that_is_gone_counts_as_locked(tmp_path):
    """Nobody may delete what cannot be looked at."""
    assert is_locked(tmp_path / "gone")
