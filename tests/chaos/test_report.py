"""The table of the chaos trials."""

from benchmarks.chaos.report import Row, counts, line


def test_a_row_says_what_was_promised_and_measured():
    assert (
        line(Row("a fault", "nothing is lost", "0 lost", True))
        == "| a fault | nothing is lost | 0 lost | ok |"
    )


def test_broken_promises_and_skipped_rows_differ():
    assert Row("a", "b", "c", False).verdict == "**FAILS**"
    assert Row("a", "b", "not root", None).verdict == "skipped"


def test_statuses_are_counted():
    assert counts([200, 503, 200, 0]) == "no answer × 1, 200 × 2, 503 × 1"
