"""An empty store, and an empty folder instead of the package's checkpoints."""

from pathlib import Path

import pytest

from service.registry import store as store_module


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Replace the package's checkpoints by an empty folder."""
    folder = tmp_path / "pretrained"
    monkeypatch.setattr(
        store_module,
        "released",
        lambda: (manifest.parent for manifest in sorted(folder.glob("*/manifest.json"))),
    )
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"
