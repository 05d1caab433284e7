"""The laws of keys: numbers by value, one order for every family, the same order in SQLite."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from secure.vulns.versions.ecosystems import FAMILY
from secure.vulns.versions.number import LEAST, MOST, number
from secure.vulns.versions.order import key

_ecosystems = st.sampled_from(sorted(FAMILY))
# What versions are made of, so that most are versions, and anything else, so that some are not.
_versions = st.text("0012abrcp.~^-+:_v", max_size=12) | st.text(max_size=8)
_digits = st.integers(0, 10**40).map(str)


@given(_digits, _digits, st.text("0", max_size=3))
def test_numbers_sort_by_value_whatever_zeros_lead(left: str, right: str, zeros: str) -> None:
    assert (number(zeros + left) < number(right)) is (int(left) < int(right))
    assert (number(zeros + left) == number(right)) is (int(left) == int(right))


@given(_digits, _digits)
def test_no_number_is_the_beginning_of_another(left: str, right: str) -> None:
    assert LEAST <= number(left)[0] <= MOST
    assert number(left) == number(right) or not number(right).startswith(number(left))


@given(_ecosystems, _versions)
def test_any_text_has_a_key_or_a_reason(ecosystem: str, version: str) -> None:
    told = key(ecosystem, version)
    assert told if isinstance(told, str) else told.reason


@given(_ecosystems, st.lists(_versions, max_size=20))
def test_sqlite_orders_keys_as_python_does(ecosystem: str, versions: list[str]) -> None:
    found = (key(ecosystem, version) for version in versions)
    keys = [told for told in found if isinstance(told, str)]
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE t (k TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [(told,) for told in keys])
        rows = database.execute("SELECT k FROM t ORDER BY k").fetchall()
    database.close()
    assert [row[0] for row in rows] == sorted(keys)


@given(_ecosystems, _versions)
def test_a_key_that_was_kept_is_the_key_that_would_be_made(ecosystem: str, version: str) -> None:
    assert key(ecosystem, version) == FAMILY[ecosystem](version) == key(f"{ecosystem}:1", version)
