"""What a scenario reports: rows of one Markdown table."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One promise of the service, put to the test.

    Args:
        scenario: what happened to the service.
        promise: what the service promises in that case.
        measured: what it did, in numbers; the reason, if the row was skipped.
        ok: whether the promise was kept; None if the row was skipped.
    """

    scenario: str
    promise: str
    measured: str
    ok: bool | None

    @property
    def verdict(self) -> str:
        """Return `ok`, `FAILS` or `skipped`."""
        if self.ok is None:
            return "skipped"
        return "ok" if self.ok else "**FAILS**"


HEAD = "| scenario | promise | measured | verdict |\n|---|---|---|---|"


def line(row: Row) -> str:
    """Return one line of the table."""
    return f"| {row.scenario} | {row.promise} | {row.measured} | {row.verdict} |"


def counts(values: Iterable[int]) -> str:
    """Return how often each status occurs, e.g. `200 × 31, 429 × 4`. Status 0 is a closed connection."""
    statuses = list(values)
    return ", ".join(
        f"{status or 'no answer'} × {statuses.count(status):,}" for status in sorted(set(statuses))
    )
