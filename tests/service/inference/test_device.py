"""Choosing a device: what is there, by torch's word, and a sentence for what is not."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from service.inference.device import DeviceUnavailable, configure_threads, select_device


@pytest.mark.parametrize(
    ("there", "asked", "chosen"),
    [
        (0, "auto", "cpu"),
        (2, "auto", "cuda:0"),
        (2, "cuda", "cuda:0"),
        (2, "cuda:1", "cuda:1"),
        (2, "cpu", "cpu"),
    ],
)
def test_chooses(monkeypatch: pytest.MonkeyPatch, there: int, asked: str, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    assert select_device(asked) == torch.device(chosen)


@pytest.mark.parametrize("asked", ["cuda:1", "tpu", "", "meta"])
def test_says_what_is_there_instead(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceUnavailable, match="auto, cpu, cuda:0"):
        select_device(asked)


def test_a_forward_pass_has_the_threads_asked_for_and_all_else_one() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert configure_threads(None) == 3
        assert torch.get_num_threads() == 1
        assert configure_threads(2) == 2
    finally:
        torch.set_num_threads(before)


SERVED = """
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
        print(*[await parts.workers.run(work) for _ in range(3)])
        print(tasks() - loaded <= 1)  # a worker, and none that helps it
        loaded = tasks()
        print((await parts.engine.run("work", lambda _: torch.full((1,), work()), torch.zeros(1))).item())
        print(tasks() - loaded)

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux shows them")
def test_only_the_forward_thread_has_helpers(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.splitlines() == ["1 1 1", "True", "3", "2"], ended.stderr
