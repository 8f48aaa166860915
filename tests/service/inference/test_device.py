"""The selection of a device, and the number of CPU threads."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from service.inference.device import DeviceUnavailable, configure_threads, select_device


@pytest.mark.parametrize(
    ("cuda_devices", "name", "expected"),
    [
        (0, "auto", "cpu"),
        (2, "auto", "cuda:0"),
        (2, "cuda", "cuda:0"),
        (2, "cuda:1", "cuda:1"),
        (2, "cpu", "cpu"),
    ],
)
def test_selects_an_available_device(
    monkeypatch: pytest.MonkeyPatch, cuda_devices: int, name: str, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda_devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda_devices)
    assert select_device(name) == torch.device(expected)


@pytest.mark.parametrize("name", ["cuda:1", "tpu", "", "meta"])
def test_error_lists_the_available_devices(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceUnavailable, match="auto, cpu, cuda:0"):
        select_device(name)


def test_configure_threads_returns_the_forward_threads_and_limits_torch_to_one() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert configure_threads(None) == 3
        assert torch.get_num_threads() == 1
        assert configure_threads(2) == 2
    finally:
        torch.set_num_threads(before)


SCRIPT = """
import asyncio, os, sys
from pathlib import Path
import torch
from service.http.app import create_app
from service.settings import Settings

def work() -> int:
    torch.ones(4_000_000).exp().sum()
    return torch.get_num_threads()

def tasks() -> int:
    return len(os.listdir("/proc/self/task"))

async def main() -> None:
    app = create_app(Settings(home=Path(sys.argv[1]), threads=3))
    async with app.router.lifespan_context(app):
        parts = app.state.services
        while not parts.registry.models():
            await asyncio.sleep(0.1)
        loaded = tasks()
        print(*[await parts.decoding.run(work) for _ in range(3)])
        print(tasks() - loaded <= 1)  # one worker thread, without OpenMP helpers
        loaded = tasks()
        print((await parts.engine.run("work", lambda _: torch.full((1,), work()), torch.zeros(1))).item())
        print(tasks() - loaded)

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads in /proc")
def test_only_the_forward_thread_has_helpers(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.stdout.splitlines() == ["1 1 1", "True", "3", "2"], completed.stderr
