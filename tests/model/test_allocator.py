"""What the allocator keeps, told from the pages that the system has to hand out."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from model import cli

SCRIPT = """
import resource, sys, threading
import torch
from model.allocator import keep_memory

if sys.argv[1] == "kept":
    assert keep_memory()

def work():
    for _ in range(20):
        torch.ones(20_000_000)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

for _ in range(3):
    faults()
print(faults())
"""


def pages(way: str) -> int:
    return int(
        subprocess.run([sys.executable, "-c", SCRIPT, way], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_tensors_that_come_again_in_a_thread_need_no_new_memory():
    given_back = pages("as it is")
    # on a busy machine a small allocation now and then lands between two large ones, and memory is asked for once more
    assert any(pages("kept") < given_back / 10 for _ in range(4))


RESIDENT = """
import sys
import torch
from model.allocator import give_back, keep_memory

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

assert keep_memory()
before = resident()
held = [torch.ones(25_000_000) for _ in range(3)]
last = torch.ones(100_000)  # above them, so that they are no end that could be cut off
del held
print(resident() - before)
give_back()
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_what_was_kept_is_given_back_when_told():
    kept, given_back = map(
        int,
        subprocess.run(
            [sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True
        ).stdout.split(),
    )
    assert kept > 200_000  # of 300 MB, in kB
    assert given_back < 50_000


def test_every_command_keeps_memory(monkeypatch, tmp_path):
    kept: list[bool] = []
    monkeypatch.setattr(cli, "keep_memory", lambda: kept.append(True))
    CliRunner().invoke(
        cli.app, ["evaluate", "sketchy", "--data", str(tmp_path), "--home", str(tmp_path)]
    )  # fails, as there is nothing
    assert kept == [True]
