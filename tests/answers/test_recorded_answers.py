"""The service answers as it did when the answers were recorded: bit for bit on the same machine, closely on any other."""

import json
import math

import pytest
from exchanges import ROOT
from recording import RECORDED, ask, machine

CLOSE = 0.05
"""Codes, scores and mean colours (of 255) may differ by this share where the arithmetic is another: float32 for bfloat16, say."""


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


@pytest.fixture(scope="module")
def answers():
    return json.loads(json.dumps(ask(ROOT)))


def test_every_operation_is_recorded(recorded):
    document = json.loads((ROOT / "clients/openapi.json").read_text())
    operations = {
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    }
    assert {answer["operation"] for answer in recorded["answers"]} == operations


def test_answers_are_as_recorded(recorded, answers):
    assert len(answers) == len(recorded["answers"])
    same_machine = machine() == recorded["machine"]
    for number, (now, before) in enumerate(zip(answers, recorded["answers"], strict=True)):
        where = f"answer {number}, {before['operation']}"
        if same_machine:
            assert now == before, where
        else:
            _assert_close(now, before, where)


def _assert_close(now, before, where):
    """The same but for digests of what was computed; numbers within `CLOSE`, hits in any order."""
    if isinstance(before, dict):
        assert now.keys() == before.keys(), where
        computed = {"size", "fields"} <= before.keys() or {"count", "first"} <= before.keys()
        for key in before.keys() - ({"sha256"} if computed else set()):
            _assert_close(now[key], before[key], f"{where}, {key}")
    elif isinstance(before, list):
        assert len(now) == len(before), where
        if before and isinstance(before[0], dict) and "score" in before[0]:
            now, before = (sorted(hits, key=lambda hit: hit["id"]) for hits in (now, before))
        for number, (value, recorded) in enumerate(zip(now, before, strict=True)):
            _assert_close(value, recorded, f"{where}[{number}]")
    elif isinstance(before, float) or (
        isinstance(before, int) and where.split(", ")[-1].startswith("fields")
    ):
        scale = 255 if isinstance(before, int) else max(1.0, abs(before))
        assert math.isclose(now, before, abs_tol=CLOSE * scale), f"{where}: {now}, was {before}"
    else:
        assert now == before, where
