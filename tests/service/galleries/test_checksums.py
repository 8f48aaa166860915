"""Checksums of rows: equal for what was written and what is read, different for all else."""

import sqlite3

import pytest

from service.galleries.checksums import SIZE, checksum, is_intact, selected

VALUES = [None, "", "é☂\n", 0, -(2**63), 2**63 - 1, b"\0\xff"]


@pytest.mark.parametrize("value", VALUES)
def test_a_row_has_the_checksum_that_it_was_written_with(value):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, value, checksum BLOB)")
    connection.execute("INSERT INTO things VALUES (1, ?, ?)", (value, checksum(1, value)))
    query = f"SELECT {selected(('id', 'value'), 'things')} FROM things"
    row = connection.execute(query).fetchone()
    assert is_intact(row)
    for other in VALUES:
        if other != value:
            connection.execute("UPDATE things SET value = ?", (other,))
            assert not is_intact(connection.execute(query).fetchone())
    connection.close()


def test_values_do_not_run_into_each_other():
    assert len({checksum("ab", "c"), checksum("a", "bc"), checksum("abc", ""), checksum("abc", None)}) == 4
    assert len(checksum()) == SIZE


def test_a_row_without_a_checksum_is_intact_only_before_the_migration_ends():
    assert is_intact((b"1", b""), unsealed=True)
    assert not is_intact((b"1", b""))
    assert not is_intact((b"1", b"12345678"), unsealed=True)
