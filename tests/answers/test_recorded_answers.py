"""The service still gives the recorded answers: identical on the same machine, close on others."""

import json
import math
from typing import TypedDict

import pytest
from digests import Answer
from recording import RECORDED, machine, record
from sample_pictures import ROOT

TOLERANCE = 0.05
"""Relative tolerance of embeddings, scores and mean colours on other machines, which may compute in float32
instead of bfloat16, for example. The scale is 255 for colours and at least 1 for other numbers."""


class Recording(TypedDict):
    machine: dict[str, str]
    answers: list[Answer]


@pytest.fixture(scope="module")
def recorded() -> Recording:
    recording: Recording = json.loads(RECORDED.read_text())
    return recording


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    now: list[Answer] = json.loads(json.dumps(record(ROOT)))
    return now


def test_every_operation_is_recorded(recorded: Recording) -> None:
    document = json.loads((ROOT / "clients/openapi.json").read_text())
    operations = {
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    }
    assert {answer["operation"] for answer in recorded["answers"]} == operations


def test_answers_equal_the_recorded_ones(recorded: Recording, answers: list[Answer]) -> None:
    assert len(answers) == len(recorded["answers"])
    same_machine = machine() == recorded["machine"]
    for number, (now, before) in enumerate(zip(answers, recorded["answers"], strict=True)):
        where = f"answer {number}, {before['operation']}"
        if same_machine:
            assert now == before, where
        else:
            _assert_close(now, before, where)


def _assert_close(now: object, before: object, where: str) -> None:
    """Compare numbers within `TOLERANCE` and hits in any order. Grades and hashes may differ."""
    if isinstance(before, dict):
        assert isinstance(now, dict), where
        assert now.keys() == before.keys(), where
        is_digest = {"size", "fields"} <= before.keys() or {"count", "first"} <= before.keys()
        # A score may be on the other side of its grade's limit.
        for key in before.keys() - ({"sha256"} if is_digest else {"grade"}):
            _assert_close(now[key], before[key], f"{where}, {key}")
    elif isinstance(before, list):
        assert isinstance(now, list), where
        assert len(now) == len(before), where
        if before and isinstance(before[0], dict) and "score" in before[0]:
            now, before = (sorted(hits, key=lambda hit: int(hit["id"])) for hits in (now, before))
        for number, (value, expected) in enumerate(zip(now, before, strict=True)):
            _assert_close(value, expected, f"{where}[{number}]")
    elif isinstance(before, float) or (isinstance(before, int) and _is_colour(where)):
        assert isinstance(now, int | float), where
        scale = 255 if isinstance(before, int) else max(1.0, abs(before))
        assert math.isclose(now, before, abs_tol=TOLERANCE * scale), f"{where}: {now}, was {before}"
    else:
        assert now == before, where


def _is_colour(where: str) -> bool:
    """Whether a path in an answer leads into the mean colours of a picture."""
    return where.split(", ")[-1].startswith("fields")
