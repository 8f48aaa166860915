"""The allocator's settings, measured by page faults and resident memory."""

import subprocess
import sys

import pytest

ALLOCATE = """
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


def page_faults(mode: str) -> int:
    done = subprocess.run([sys.executable, "-c", ALLOCATE, mode], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_repeated_large_tensors_need_no_new_pages():
    default = page_faults("default")
    # on a busy machine, a small allocation between two large ones often makes the heap grow
    assert any(page_faults("kept") < default / 10 for _ in range(12))


RESIDENT = """
import sys
import torch
from model.allocator import give_back, keep_memory

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

assert keep_memory()
before = resident()
held = [torch.ones(25_000_000) for _ in range(3)]
last = torch.ones(100_000)  # lies above them, so the heap's end cannot simply be cut off
del held
print(resident() - before)
give_back()
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_give_back_returns_the_kept_memory():
    done = subprocess.run([sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True)
    kept, after = map(int, done.stdout.split())
    assert kept > 200_000  # of 300 MB, in kB
    assert after < 50_000
