"""The composed service has the limits that its settings give."""

from pathlib import Path

import pytest

from service.http import app
from service.inference.decoded_ahead import DecodedAhead
from service.settings import Settings


def test_three_batches_of_pictures_are_decoded_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[dict[str, int]] = []
    monkeypatch.setattr(app, "DecodedAhead", lambda **given: limits.append(given) or DecodedAhead(**given))
    app.compose(Settings(home=tmp_path, device="cpu", batch_items=8, queue_items=50))
    assert limits[-1] == {"places": 24, "max_waiting": 50}
