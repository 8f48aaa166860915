"""Which photos of a gallery a search, a list or a removal is about: by label, folder, metadata or id."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Scalar = str | int | float | bool | None
Operator = Literal["lt", "lte", "gt", "gte"]

OPERATORS: dict[Operator, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
LARGEST_INTEGER = 2**63 - 1
"""SQLite's. It reads larger ones in JSON as floats."""

EXPONENT_FROM = 10**15
"""Floats from here on may be written with an exponent, so their digits are not those of an equal integer."""

_WORDS = {None: "null", True: "true", False: "false"}

SqlValue = str | int | float
_Clause = tuple[str, list[SqlValue]]


@dataclass(frozen=True)
class Equal:
    """The metadata has one of these values under a key, or a list that has one of them."""

    key: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Within:
    """The metadata has a number under a key that is in this range, or a list that has one."""

    key: str
    limits: tuple[tuple[Operator, int | float], ...]


@dataclass(frozen=True, kw_only=True)
class PhotoFilter:
    """Conditions that a photo must meet, all of them. An empty one is no condition.

    Attributes:
        labels: one of these labels; an empty one is that of photos without a label.
        folder: the photo's `file` in its metadata is in this folder or in a folder below. `iiae index` notes
            the path there, relative to the folder that it indexes.
        metadata: conditions on its metadata.
        ids: one of these ids.
    """

    labels: tuple[str, ...] = ()
    folder: str | None = None
    metadata: tuple[Equal | Within, ...] = ()
    ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.folder or self.metadata or self.ids)

    def where(self) -> tuple[str, list[SqlValue]]:
        """Return the condition for SQL on the table `photos`, and its values."""
        clauses: list[_Clause] = []
        if self.labels:
            clauses.append((f"ifnull(label, '') IN ({_marks(self.labels)})", list(self.labels)))
        if self.folder:
            start = f"{self.folder}/"
            clauses.append(
                _of_metadata(
                    "file",
                    "{0}.type = 'text' AND substr({0}.value, 1, ?) = ?",
                    texts=[f'"file": {json.dumps(start)[:-1]}'],
                )
            )
            clauses[-1][1].extend([len(start), start])
        for condition in self.metadata:
            tests, values = _test(condition)
            clauses.append(_of_metadata(condition.key, tests, lists=True, texts=_texts(condition)))
            clauses[-1][1].extend([*values, *values])
        if self.ids:
            clauses.append((f"id IN ({_marks(self.ids)})", list(self.ids)))
        return (
            " AND ".join(clause for clause, _ in clauses) or "TRUE",
            [value for _, values in clauses for value in values],
        )


EVERY_PHOTO = PhotoFilter()
"""No condition."""


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _of_metadata(key: str, test: str, *, texts: Sequence[str], lists: bool = False) -> _Clause:
    """Return the condition that the value under a key passes a test, or with `lists` an item of that value.

    Args:
        test: an expression for SQL, with `{0}` where a row of `json_each` is named.
        texts: one of these texts is in the JSON of each photo that passes, as `json.dumps` writes it. To look
            for a text takes a fifth of the time of parsing.
    """
    value = f"({test.format('entry')})"
    if lists:
        items = f"SELECT 1 FROM json_each(entry.value) AS item WHERE {test.format('item')}"
        value = f"({value} OR (entry.type = 'array' AND EXISTS ({items})))"
    entries = f"SELECT 1 FROM json_each(metadata) AS entry WHERE entry.key = ? AND {value}"
    # CASE, because SQLite may test in any order, and text that is not JSON would fail the whole query.
    found = " OR ".join("instr(metadata, ?)" for _ in texts)
    case = f"CASE WHEN ({found}) AND json_valid(metadata) THEN EXISTS ({entries}) END"
    return case, [*texts, key]


def _test(condition: Equal | Within) -> _Clause:
    """Return the test of a value in the metadata, with `{0}` for its row of `json_each`."""
    if isinstance(condition, Within):
        limits = [f"{{0}}.value {OPERATORS[operator]} ?" for operator, _ in condition.limits]
        number = "{0}.type IN ('integer', 'real')"
        return " AND ".join([number, *limits]), [_sql_number(limit) for _, limit in condition.limits]
    tests: list[_Clause] = [_equals(value) for value in condition.values]
    return " OR ".join(f"({test})" for test, _ in tests), [value for _, values in tests for value in values]


def _equals(value: Scalar) -> _Clause:
    if value is None or isinstance(value, bool):
        return f"{{0}}.type = '{_WORDS[value]}'", []
    if isinstance(value, str):
        return "{0}.type = 'text' AND {0}.value = ?", [value]
    return "{0}.type IN ('integer', 'real') AND {0}.value = ?", [_sql_number(value)]


def _texts(condition: Equal | Within) -> list[str]:
    """Return texts of which one is in the JSON of each photo that meets a condition."""
    key = f"{json.dumps(condition.key)}: "
    if isinstance(condition, Within):
        return [key]
    return [f"{key}[", *(f"{key}{_text(value)}" for value in condition.values)]


def _text(value: Scalar) -> str:
    """Return a text with which the JSON of each equal value begins. 7 equals 7.0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or abs(value) >= EXPONENT_FROM or value == 0:  # there is -0.0
            return ""
        return str(int(value)) if value == int(value) else json.dumps(value)
    return json.dumps(value)


def _sql_number(number: int | float) -> int | float:
    return number if abs(number) <= LARGEST_INTEGER else float(number)
