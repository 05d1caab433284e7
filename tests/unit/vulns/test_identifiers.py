"""Ids and aliases by a hash: each leads to its advisories, and to no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.vulns.identifiers import Identifiers, bucket_of, numbers_in
from secure.vulns.schema import StoredHead

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _rows(*told: tuple[int, StoredHead], dropped: frozenset[int] = frozenset()) -> dict[int, bytes]:
    made = Identifiers()
    for number, head in told:
        made.add(number, head)
    return dict(made.rows(dropped))


@given(st.dictionaries(st.integers(1, (1 << 26) - 1), _TEXTS, max_size=30))
def test_every_identifier_leads_to_its_advisories(told: dict[int, str]) -> None:
    rows = _rows(*((number, StoredHead(name, 1)) for number, name in told.items()))
    for name in told.values():
        found = numbers_in(rows[bucket_of(name)], name)
        assert list(found) == sorted(number for number, one in told.items() if one == name)


def test_each_kind_of_name_leads_to_an_advisory_that_was_not_dropped() -> None:
    head = StoredHead("A-1", 1, aliases=("B-1",), upstream=("C-1",), related=("D-1",))
    rows = _rows((1, head), (2, head), dropped=frozenset({1}))
    for name in ("A-1", "B-1", "C-1", "D-1"):
        assert list(numbers_in(rows[bucket_of(name)], name)) == [2]


def test_a_hundred_thousand_identifiers_are_mistaken_for_no_other() -> None:
    rows = _rows(*((number, StoredHead(f"CVE-2020-{number}", 1)) for number in range(1, 100_001)))
    assert max(map(len, rows.values())) < 30 * 7
    for name in (f"GHSA-{number}" for number in range(2_000)):
        assert list(numbers_in(rows.get(bucket_of(name), b""), name)) == []


@pytest.mark.parametrize("number", [-1, 0, 1 << 26])
def test_a_number_that_no_advisory_has_is_an_error(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        Identifiers().add(number, StoredHead("A-1", 1))
