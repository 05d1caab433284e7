"""Law: our reader sees the rows that SQLite wrote."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from secure.scan.formats.sqlite import table_rows

ROWS = st.dictionaries(
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=5_000) | st.text(max_size=90),
    max_size=60,
)


@given(ROWS, st.sampled_from([512, 1024, 4096, 65536]), st.booleans())
def test_rows_are_those_that_were_written(
    rows: dict[int, object], page_size: int, vacuum: bool
) -> None:
    database = sqlite3.connect(":memory:")
    database.execute(f"PRAGMA page_size = {page_size}")
    database.execute("CREATE TABLE other (a)")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
    database.executemany("INSERT INTO t VALUES (?, ?)", rows.items())
    database.execute("DELETE FROM t WHERE id % 7 = 3")
    database.commit()
    if vacuum:
        database.execute("VACUUM")
    content = database.serialize()
    expected = [
        (None, value.encode() if isinstance(value, str) else value)
        for _, value in database.execute("SELECT id, v FROM t ORDER BY id")
    ]
    database.close()
    # The column that is the row's id is kept as NULL (fileformat2, 2.6).
    assert list(table_rows(content, b"t")) == expected
