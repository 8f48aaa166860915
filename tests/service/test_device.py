"""Choosing a device: what is there, by torch's word, and a sentence for what is not."""

import pytest
import torch

from service.device import DeviceUnavailable, choose


@pytest.mark.parametrize(
    ("there", "asked", "chosen"), [(0, "auto", "cpu"), (2, "auto", "cuda:0"), (2, "cuda", "cuda:0"), (2, "cuda:1", "cuda:1"), (2, "cpu", "cpu")]
)
def test_chooses(monkeypatch: pytest.MonkeyPatch, there: int, asked: str, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    assert choose(asked) == torch.device(chosen)


@pytest.mark.parametrize("asked", ["cuda:1", "tpu", "", "meta"])
def test_says_what_is_there_instead(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceUnavailable, match="cpu, cuda:0"):
        choose(asked)
